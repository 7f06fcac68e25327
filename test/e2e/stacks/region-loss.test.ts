/**
 * A region is lost, and the stage is deployed in another one from copies of its tables and secrets; by two ministacks, of which the first
 * is stopped. docs/operations.md has the same steps.
 */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { developmentIam } from '../../../local/development-iam/development-iam.ts';
import { type Front, openFront } from '../../support/aws/front.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from '../support/directories.ts';
import { Checkout } from '../support/ministack/checkout.ts';
import { MINISTACK_REGION, Ministack } from '../support/ministack/ministack.ts';
import { freePort } from '../support/ports.ts';
import { run } from '../support/processes.ts';
import { tool } from '../support/tools.ts';

// Two deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ACCOUNT = '123456789012';
const TABLES = ['pullpass-dev', 'pullpass-dev-ledger'] as const;
const SERVICE = 'registry.example.com';
const DOMAIN = {
  domain: 'pullpass.example.com',
  certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000',
};

type Items = Record<string, AttributeValue>[];

let home: string;
let iam: Front;
let issuer: object;
let lost: Ministack | undefined;
let other: Ministack | undefined;
const checkouts: Checkout[] = [];

beforeAll(async () => {
  home = await newDirectory('region-loss');
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  const opened = await developmentIam({
    directory: join(home, 'iam'),
    publicUrl: url,
    internalUrl: url,
    administratorKeyFile: join(home, 'administrator.apikey'),
    now: Date.now,
    randomBytes,
  });
  issuer = opened.issuer;
  iam = await openFront('function URL', { port, invoke: (_, event) => opened.handler(event) });
});
afterAll(async () => {
  for (const checkout of checkouts) await checkout.remove();
  await lost?.stop();
  await other?.stop();
  await iam?.close();
  if (home !== undefined) await removeDirectory(home);
});

/** Deploys the stage, and answers the base URL of its API. */
async function deploy(region: Ministack, ...args: readonly string[]): Promise<string> {
  const checkout = await Checkout.make(region);
  checkouts.push(checkout);
  await checkout.edit('deployment/services.json', () => JSON.stringify([{ name: SERVICE }]));
  await checkout.edit('deployment/issuers.json', () => JSON.stringify([issuer]));
  await checkout.addStage('dev', { ...DOMAIN, administrators: ['dev:dev:administrator'] });
  await checkout.deploy(...args);
  const { Items: apis } = await region.aws('apigatewayv2', 'get_apis');
  return region.apiUrl(apis[0].ApiId);
}

async function send(url: string, init: RequestInit, user: string, password: string): Promise<Response> {
  const headers = {
    authorization: `Basic ${btoa(`${user}:${password}`)}`,
    'content-type': 'application/json',
  };
  return fetch(url, { ...init, headers });
}

// biome-ignore lint/suspicious/noExplicitAny: each route has an answer of its own
async function manage(line: string, base: string, body?: object): Promise<any> {
  const [method = '', path = ''] = line.split(' ');
  const key = (await readFile(join(home, 'administrator.apikey'), 'utf8')).trim();
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
  const answer = await send(base + path, init, 'iamapikey', key);
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${line}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

const logIn = (base: string, token: string) =>
  send(`${base}/oauth/token?service=${SERVICE}&scope=repository:team-a/app:pull`, {}, 'token', token);

/** Who issued the access token, and with which key. */
async function signedBy(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(200);
  const { token } = (await answer.json()) as { token: string };
  const { x5c, kid } = decodeProtectedHeader(token);
  return { iss: decodeJwt(token).iss, kid, root: x5c?.at(-1) };
}

const tablesOf = ({ endpoint }: Ministack) =>
  new DynamoDBClient({
    endpoint,
    region: MINISTACK_REGION,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'test' },
  });

async function itemsOf(region: Ministack, TableName: string): Promise<Items> {
  const { Items: items = [], LastEvaluatedKey } = await tablesOf(region).send(new ScanCommand({ TableName }));
  expect(LastEvaluatedKey).toBeUndefined();
  return items;
}

/** A table as a restore job of AWS Backup makes it, and then what the guide switches on: an import into a stack changes nothing. */
async function restoreTable(region: Ministack, TableName: string, items: Items): Promise<void> {
  await region.aws('dynamodb', 'create_table', {
    TableName,
    BillingMode: 'PAY_PER_REQUEST',
    AttributeDefinitions: ['pk', 'sk'].map(AttributeName => ({ AttributeName, AttributeType: 'S' })),
    KeySchema: [
      { AttributeName: 'pk', KeyType: 'HASH' },
      { AttributeName: 'sk', KeyType: 'RANGE' },
    ],
  });
  for (const Item of items) await tablesOf(region).send(new PutItemCommand({ TableName, Item }));
  await region.aws('dynamodb', 'update_time_to_live', {
    TableName,
    TimeToLiveSpecification: { Enabled: true, AttributeName: 'expiresAt' },
  });
  await region.aws('dynamodb', 'update_continuous_backups', {
    TableName,
    PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true, RecoveryPeriodInDays: 35 },
  });
  await region.aws('dynamodb', 'update_table', { TableName, DeletionProtectionEnabled: true });
}

/** The secrets of the stage with their values, as a replica has them. */
async function secretsOf(region: Ministack): Promise<{ Name: string; SecretString: string }[]> {
  const { SecretList } = await region.aws('secretsmanager', 'list_secrets');
  const names: string[] = SecretList.map(({ Name }: { Name: string }) => Name);
  return Promise.all(
    names.map(async Name => {
      const { SecretString } = await region.aws('secretsmanager', 'get_secret_value', { SecretId: Name });
      return { Name, SecretString };
    }),
  );
}

it('in the other region tokens work with the same issuer and keys, and what the ledger says was removed stays removed', async () => {
  lost = await Ministack.start();
  const before = await deploy(lost);
  await manage('PUT /v1/namespaces/team-a', before);
  const kept = await manage('POST /v1/tokens', before, { access: 'push' });
  const removed = await manage('POST /v1/tokens', before, { access: 'push' });
  const signed = await signedBy(await logIn(before, kept.token));
  // The table was copied before the removal, and the ledger after it.
  const table = await itemsOf(lost, TABLES[0]);
  await manage(`DELETE /v1/tokens/${removed.id}`, before);
  const ledger = await itemsOf(lost, TABLES[1]);
  const secrets = await secretsOf(lost);
  await lost.stop();
  lost = undefined;

  other = await Ministack.start();
  await restoreTable(other, TABLES[0], table);
  await restoreTable(other, TABLES[1], ledger);
  for (const secret of secrets) await other.aws('secretsmanager', 'create_secret', secret);
  const after = await deploy(other, '--allow-change', 'table');
  expect((await logIn(after, kept.token)).status).toBe(503);
  expect((await logIn(after, removed.token)).status).toBe(503);

  const { Payload } = await other.aws('lambda', 'invoke', { FunctionName: 'pullpass-dev-restore' });
  expect(JSON.parse(Payload)).toMatchObject({ finished: true, served: true });
  await vi.waitFor(async () => expect((await logIn(after, kept.token)).status).not.toBe(503), 60_000);
  expect(await signedBy(await logIn(after, kept.token))).toEqual(signed);
  expect((await logIn(after, removed.token)).status).toBe(401);
});

it('the stack owns the restored tables, with all that its template gives a table', async () => {
  const region = other as Ministack;
  const { StackResources } = await region.aws('cloudformation', 'describe_stack_resources', {
    StackName: 'pullpass-dev',
  });
  const owned = StackResources.map((one: { PhysicalResourceId: string }) => one.PhysicalResourceId);
  expect(owned).toEqual(expect.arrayContaining([...TABLES]));
  for (const TableName of TABLES) {
    const { Table } = await region.aws('dynamodb', 'describe_table', { TableName });
    expect(Table.DeletionProtectionEnabled).toBe(true);
    const { TimeToLiveDescription } = await region.aws('dynamodb', 'describe_time_to_live', { TableName });
    expect(TimeToLiveDescription).toMatchObject({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expiresAt' });
  }
});

it('cfn-lint finds nothing in the template of the copies', async () => {
  const template = join(PROJECT, 'deployment', 'copies.yml');
  const args = ['--regions', 'eu-central-1', 'us-east-1', '--template', template];
  expect(await run(tool('cfnLint'), args, { env: bareEnvironment(PROJECT) })).toMatchObject({
    code: 0,
    output: '',
  });
});
