/** A stage on ministack with an IAM and an administrator, and its tables as AWS Backup or a restore to a point in time copies them. */
import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AttributeValue, DynamoDBClient, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import { developmentIam } from '../../../../local/development-iam/development-iam.ts';
import { type Front, openFront } from '../../../support/aws/front.ts';
import { newDirectory, removeDirectory } from '../directories.ts';
import { freePort } from '../ports.ts';
import { Checkout } from './checkout.ts';
import type { Ministack } from './ministack.ts';

const ACCOUNT = '123456789012';
export const SERVICE = 'registry.example.com';

export type Items = Record<string, AttributeValue>[];

export class Stage {
  /** Removed with the stage. */
  readonly home: string;
  readonly #iam: Front;
  readonly #issuer: object;
  readonly #checkouts: Checkout[] = [];

  private constructor(home: string, iam: Front, issuer: object) {
    this.home = home;
    this.#iam = iam;
    this.#issuer = issuer;
  }

  static async open(name: string): Promise<Stage> {
    const home = await newDirectory(name);
    const port = await freePort();
    const url = `http://127.0.0.1:${port}`;
    const { handler, issuer } = await developmentIam({
      directory: join(home, 'iam'),
      publicUrl: url,
      internalUrl: url,
      administratorKeyFile: join(home, 'administrator.apikey'),
      now: Date.now,
      randomBytes,
    });
    const iam = await openFront('function URL', { port, invoke: (_, event) => handler(event) });
    return new Stage(home, iam, issuer);
  }

  async close(): Promise<void> {
    for (const checkout of this.#checkouts) await checkout.remove();
    await this.#iam.close();
    await removeDirectory(this.home);
  }

  /** A clone of what is deployed, for the registry at that address. */
  async checkout(region: Ministack, registry = SERVICE): Promise<Checkout> {
    const checkout = await Checkout.make(region);
    this.#checkouts.push(checkout);
    await checkout.edit('deployment/services.json', () => JSON.stringify([{ name: registry }]));
    await checkout.edit('deployment/issuers.json', () => JSON.stringify([this.#issuer]));
    return checkout;
  }

  /** Deploys with these parameters, and answers the base URL of the API. */
  async deploy(
    checkout: Checkout,
    region: Ministack,
    { parameters = {}, args = [] }: Deployment = {},
  ): Promise<string> {
    await checkout.addStage('dev', { administrators: ['dev:dev:administrator'], ...parameters });
    await checkout.deploy(...args);
    const { Items: apis } = await region.aws('apigatewayv2', 'get_apis');
    return region.apiUrl(apis[0].ApiId);
  }

  /** As the administrator. Throws for any answer that is not a success. */
  // biome-ignore lint/suspicious/noExplicitAny: each route has an answer of its own
  async manage(line: string, base: string, body?: object): Promise<any> {
    const [method = '', path = ''] = line.split(' ');
    const key = (await readFile(join(this.home, 'administrator.apikey'), 'utf8')).trim();
    const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await send(base + path, init, `iamapikey:${key}`);
    const text = await answer.text();
    if (!answer.ok) throw new Error(`${line}: ${answer.status} ${text}`);
    return text === '' ? undefined : JSON.parse(text);
  }
}

interface Deployment {
  readonly parameters?: object;
  readonly args?: readonly string[];
}

function send(url: string, init: RequestInit, credentials: string): Promise<Response> {
  const headers = { authorization: `Basic ${btoa(credentials)}`, 'content-type': 'application/json' };
  return fetch(url, { ...init, headers });
}

export function logIn(base: string, token: string): Promise<Response> {
  return send(
    `${base}/oauth/token?service=${SERVICE}&scope=repository:team-a/app:pull`,
    {},
    `token:${token}`,
  );
}

function tablesOf({ endpoint, region }: Ministack): DynamoDBClient {
  return new DynamoDBClient({
    endpoint,
    region,
    credentials: { accessKeyId: ACCOUNT, secretAccessKey: 'test' },
  });
}

export async function itemsOf(region: Ministack, TableName: string): Promise<Items> {
  const { Items: items = [], LastEvaluatedKey } = await tablesOf(region).send(new ScanCommand({ TableName }));
  if (LastEvaluatedKey !== undefined) throw new Error(`${TableName} has more than one page`);
  return items;
}

/** A table as a restore makes it: with its items, and with nothing switched on. */
export async function restoreTable(region: Ministack, TableName: string, items: Items): Promise<void> {
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
}

/** What of a table a restore leaves off. */
export async function switchedOn(region: Ministack, TableName: string): Promise<object> {
  const { Table } = await region.aws('dynamodb', 'describe_table', { TableName });
  const { TimeToLiveDescription } = await region.aws('dynamodb', 'describe_time_to_live', { TableName });
  const { ContinuousBackupsDescription } = await region.aws('dynamodb', 'describe_continuous_backups', {
    TableName,
  });
  return {
    protected: Table.DeletionProtectionEnabled === true,
    expires:
      TimeToLiveDescription.TimeToLiveStatus === 'ENABLED' ? TimeToLiveDescription.AttributeName : undefined,
    recovery: ContinuousBackupsDescription.PointInTimeRecoveryDescription.PointInTimeRecoveryStatus,
  };
}

/** The tables that the stack owns, by their logical names. */
export async function ownedTables(region: Ministack): Promise<Record<string, string>> {
  const { StackResources } = await region.aws('cloudformation', 'describe_stack_resources', {
    StackName: 'pullpass-dev',
  });
  const tables = StackResources.filter(
    (one: { ResourceType: string }) => one.ResourceType === 'AWS::DynamoDB::Table',
  );
  return Object.fromEntries(
    tables.map((one: { LogicalResourceId: string; PhysicalResourceId: string }) => [
      one.LogicalResourceId,
      one.PhysicalResourceId,
    ]),
  );
}
