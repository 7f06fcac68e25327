/**
 * A stage that docker logs in to through the HTTP API, is removed and deployed again, and is removed for good; by ministack, an emulator
 * of AWS. docs/aws.md has the same steps.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { distributionAuth } from '../../../lib/domain/registry-auth.ts';
import { dockerClient } from '../support/clients/docker.ts';
import { bareEnvironment } from '../support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from '../support/docker-daemon.ts';
import { expectRefusal, expectSuccess } from '../support/expect.ts';
import { makeImage } from '../support/image.ts';
import type { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';
import { Stage } from '../support/ministack/stage.ts';
import { freePort } from '../support/ports.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { LOGIN_REFUSED } from '../support/texts.ts';

// Some are several deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const STAGE = 'pullpass-dev';

let ministack: Ministack;
let stage: Stage;
let checkout: Checkout;
let daemon: DockerDaemon;
let address: string;
let registry: Registry | undefined;
let base: string;

beforeAll(async () => {
  [ministack, stage, daemon] = await Promise.all([
    Ministack.start(),
    Stage.open('redeployment'),
    startDockerDaemon(),
  ]);
  address = `localhost:${await freePort()}`;
  checkout = await stage.checkout(ministack, address);
  base = await stage.deploy(checkout, ministack);
});
afterAll(async () => {
  await registry?.stop();
  await daemon?.stop();
  await stage?.close();
  await ministack?.stop();
});

/** The registry as the operator configures it for this deployment; clients reach the realm at the place of the emulated API. */
async function serveRegistry(): Promise<void> {
  await registry?.stop();
  const directory = join(stage.home, 'registry');
  await mkdir(directory, { recursive: true });
  const bundle = await fetch(`${base}/v1/services/${address}/rootcertbundle.pem`);
  await writeFile(join(directory, 'bundle.pem'), await bundle.text());
  const { Url: publicUrl = '' } = await checkout.outputs();
  const service = { name: address, profile: 'x5c', algorithm: 'ES256' } as const;
  const auth = distributionAuth({ service, publicUrl, keysPath: join(directory, 'bundle.pem') });
  const configuration = {
    version: '0.1',
    storage: { filesystem: { rootdirectory: join(directory, 'data') } },
    http: { addr: address.replace('localhost', '127.0.0.1') },
  };
  const lines = Object.entries(configuration).map(([key, value]) => `${key}: ${JSON.stringify(value)}\n`);
  const configFile = join(directory, 'config.yml');
  await writeFile(configFile, lines.join('') + auth.replace(`${publicUrl}/oauth`, `${base}/oauth`));
  registry = await startRegistry({ kind: 'distribution 3.1', address, configFile });
}

// biome-ignore lint/suspicious/noExplicitAny: each route has an answer of its own
const manage = (line: string, body?: object): Promise<any> => stage.manage(line, base, body);

const docker = () =>
  dockerClient({ home: stage.home, env: bareEnvironment(stage.home), dockerDaemon: async () => daemon });

let token: { id: string; token: string };

it('docker logs in with a token, pushes and pulls', async () => {
  await manage('PUT /v1/namespaces/team-a');
  token = await manage('POST /v1/tokens', { access: 'push', retrievable: true });
  await serveRegistry();
  const client = await docker();
  expectRefusal(
    await client.login(address, 'token', `${token.token.slice(0, -8)}AAAAAAAA`),
    LOGIN_REFUSED.docker,
  );
  expectSuccess(await client.login(address, 'token', token.token));
  expectSuccess(await client.push(await makeImage(join(stage.home, 'image')), `${address}/team-a/app:v1`));
  expectSuccess(await client.pull(`${address}/team-a/app:v1`));
});

/** What has the name of the stage. */
async function left(): Promise<Record<string, string[]>> {
  const { Functions } = await ministack.aws('lambda', 'list_functions');
  const { TableNames } = await ministack.aws('dynamodb', 'list_tables');
  const { Aliases } = await ministack.aws('kms', 'list_aliases');
  const { logGroups } = await ministack.aws('logs', 'describe_log_groups');
  const { SecretList } = await ministack.aws('secretsmanager', 'list_secrets');
  const names = {
    functions: Functions.map((one: { FunctionName: string }) => one.FunctionName),
    tables: TableNames,
    aliases: Aliases.map((one: { AliasName: string }) => one.AliasName),
    logs: logGroups.map((one: { logGroupName: string }) => one.logGroupName),
    secrets: SecretList.map((one: { Name: string }) => one.Name),
  };
  return Object.fromEntries(
    Object.entries(names).map(([kind, all]) => [
      kind,
      all.filter((name: string) => name.includes(STAGE)).sort(),
    ]),
  );
}

it('a stage that is removed leaves its tables, key, secrets and logs; the next deployment takes them over', async () => {
  const before = await left();
  expectSuccess(await checkout.osls('remove'));
  const { functions, ...data } = before;
  expect(functions?.length).toBeGreaterThan(7);
  expect(await left()).toEqual({ ...data, functions: [] });
  base = await stage.deploy(checkout, ministack);
  expect(await left()).toEqual(before);
  // The values of tokens are made by the key: it is the same one.
  expect((await manage(`GET /v1/tokens/${token.id}/value`)).token).toBe(token.token);
  await serveRegistry();
  const client = await docker();
  expectSuccess(await client.login(address, 'token', token.token));
  expectSuccess(await client.pull(`${address}/team-a/app:v1`));
});

it('a stage that is removed for good, as the guide says, can be made anew', async () => {
  const { tables = [], aliases = [], logs = [], secrets = [] } = await left();
  const { KeyMetadata } = await ministack.aws('kms', 'describe_key', { KeyId: aliases[0] });
  expectSuccess(await checkout.osls('remove'));
  for (const TableName of tables) {
    await expect(ministack.aws('dynamodb', 'delete_table', { TableName })).rejects.toThrow('protect');
    await ministack.aws('dynamodb', 'update_table', { TableName, DeletionProtectionEnabled: false });
    await ministack.aws('dynamodb', 'delete_table', { TableName });
  }
  await ministack.aws('kms', 'schedule_key_deletion', { KeyId: KeyMetadata.KeyId });
  const refused = {
    code: 1,
    output: expect.stringContaining('is PendingDeletion: enable it, or delete the alias'),
  };
  expect(await checkout.osls('deploy')).toMatchObject(refused);
  for (const AliasName of aliases) await ministack.aws('kms', 'delete_alias', { AliasName });
  for (const SecretId of secrets)
    await ministack.aws('secretsmanager', 'delete_secret', { SecretId, ForceDeleteWithoutRecovery: true });
  for (const logGroupName of logs) await ministack.aws('logs', 'delete_log_group', { logGroupName });
  expect(Object.values(await left()).flat()).toEqual([]);
  base = await stage.deploy(checkout, ministack);
  expect(await manage('GET /v1/tokens')).toMatchObject({ tokens: [] });
});
