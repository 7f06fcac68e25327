/** What a deployment refuses by what the account has already, on ministack: moves, collisions, and functions that cannot serve. */
import { writeFile } from 'node:fs/promises';
import { type IncomingMessage, request } from 'node:http';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Template } from '../../../infra/template.ts';
import { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';

const DOMAIN = {
  domain: 'pullpass.example.com',
  certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/00000000-0000-0000-0000-000000000000',
};

let ministack: Ministack;
let checkout: Checkout;
beforeAll(async () => {
  ministack = await Ministack.start();
  checkout = await Checkout.make(ministack);
  await checkout.deploy();
});
afterAll(async () => {
  await checkout?.remove();
  await ministack?.stop();
});

function write(stage: string, parameters: object): Promise<void> {
  return writeFile(join(checkout.directory, 'deployment', `${stage}.json`), JSON.stringify(parameters));
}

async function stacks(): Promise<string[]> {
  const { Stacks } = await ministack.aws('cloudformation', 'describe_stacks');
  return Stacks.map(
    ({ StackName, LastUpdatedTime }: Record<string, string>) => `${StackName} ${LastUpdatedTime}`,
  );
}

/** What osls says; nothing in the account has changed. */
async function refused(...args: readonly string[]): Promise<string> {
  const before = await stacks();
  const { code, output } = await checkout.osls('deploy', ...args);
  expect([code, await stacks()]).toEqual([1, before]);
  return output;
}

it('everything that is wrong with the files is said at once, and nothing is made', async () => {
  await write('dev', { administrators: ['ibm:1234:IBMid-1'], auditDays: 0, domian: 'a.example.com' });
  const output = await refused('--param', 'table=other', '--param', 'loginrate=1');
  for (const line of [
    'deployment/dev.json holds domian, which is no parameter; did you mean domain?',
    'auditDays in deployment/dev.json must be at least 1',
    'administrators in deployment/dev.json holds ibm:1234, but deployment/issuers.json has no such issuer',
    '--param table is not taken: write it in deployment/dev.json',
    '--param loginrate is no parameter; did you mean loginRate?',
  ])
    expect(output).toContain(line);
  await write('dev', {});
});

it('a domain is neither brought nor forgotten by accident, and moves when the command says so', async () => {
  await write('dev', DOMAIN);
  expect(await refused()).toContain('domain would change from (none) to pullpass.example.com');
  expect(await checkout.deploy('--allow-change', 'domain')).toMatchObject({
    Url: `https://${DOMAIN.domain}`,
  });
  // Once it is there, it needs no flag.
  expect(await checkout.deploy()).toMatchObject({ Url: `https://${DOMAIN.domain}` });
  await write('dev', {});
  expect(await refused()).toContain('domain would change from pullpass.example.com to (none)');
  await write('dev', DOMAIN);
});

it('a stage that is new needs a flag, and cannot have the domain or the table of another', async () => {
  await write('other', { ...DOMAIN, table: 'pullpass-dev' });
  const output = await refused('--stage', 'other');
  for (const line of [
    'stage other is not deployed here, and dev is',
    'domain pullpass.example.com is that of the stage dev',
    'table pullpass-dev is served by the stage dev',
    'table pullpass-dev belongs to the ledger pullpass-dev-ledger of another stage',
  ])
    expect(output).toContain(line);
  expect(await refused('--stage', 'other', '--allow-change', 'stage', '--allow-change', 'table')).toContain(
    'table pullpass-dev belongs to the ledger pullpass-dev-ledger',
  );
});

it('a deployment whose functions cannot serve fails with their names and what they lack', async () => {
  const secret = { SecretId: 'pullpass-dev/public/registry.example.com' };
  const { SecretString } = await ministack.aws('secretsmanager', 'get_secret_value', secret);
  await ministack.aws('secretsmanager', 'put_secret_value', { ...secret, SecretString: '{}' });
  const { code, output } = await checkout.osls('deploy');
  expect([code, output]).toEqual([1, expect.stringContaining('these functions cannot serve')]);
  expect(output).toContain('pullpass-dev-discovery keys of registry.example.com: ');
  expect(output).not.toContain('pullpass-dev-login');
  await ministack.aws('secretsmanager', 'put_secret_value', { ...secret, SecretString });
  await checkout.deploy();
});

it('the login function has a URL of its own when the parameters say so, and routes have the throttles that they say', async () => {
  await write('dev', { ...DOMAIN, loginUrl: 'on', loginRate: 900 });
  const { LoginUrl = '', Url } = await checkout.deploy(
    '--param',
    'loginBurst=901',
    '--allow-change',
    'domain',
  );
  expect([LoginUrl, Url]).toEqual([
    expect.stringMatching(/^https:\/\/\w+\.lambda-url\.eu-central-1\.on\.aws\/oauth\/token$/),
    `https://${DOMAIN.domain}`,
  ]);
  const { host } = new URL(LoginUrl);
  const wrong = { authorization: `Basic ${btoa('token:wrong')}` };
  const refusal = await get('/oauth/token?service=registry.example.com', { host, ...wrong });
  expect([refusal.status, refusal.body]).toEqual([401, expect.stringContaining('UNAUTHORIZED')]);
  // Only the routes of the login function are there.
  expect((await get('/v1/tokens', { host })).status).toBe(404);
  // ministack answers the settings of a stage in another form than AWS.
  const { TemplateBody } = await ministack.aws('cloudformation', 'get_template', {
    StackName: 'pullpass-dev',
  });
  const { Resources } = (
    typeof TemplateBody === 'string' ? JSON.parse(TemplateBody) : TemplateBody
  ) as Template;
  const { RouteSettings, AccessLogSettings } = Object(Resources.HttpApiStage?.Properties);
  expect(RouteSettings['GET /oauth/token']).toEqual({ ThrottlingRateLimit: 900, ThrottlingBurstLimit: 901 });
  expect(RouteSettings['GET /health']).toEqual({ ThrottlingRateLimit: 10, ThrottlingBurstLimit: 20 });
  const { Items } = await ministack.aws('apigatewayv2', 'get_apis');
  const names = { ApiId: Items[0].ApiId, StageName: '$default' };
  const stage = await ministack.aws('apigatewayv2', 'get_stage', names);
  expect(stage.AccessLogSettings.Format).toBe(AccessLogSettings.Format);
});

it('a table that waits for the ledger is deployed with a warning, and serves nothing', async () => {
  const TableName = 'pullpass-dev-2';
  const { Table } = await ministack.aws('dynamodb', 'describe_table', { TableName: 'pullpass-dev' });
  const { KeySchema, AttributeDefinitions } = Table;
  await ministack.aws('dynamodb', 'create_table', {
    TableName,
    KeySchema,
    AttributeDefinitions,
    BillingMode: 'PAY_PER_REQUEST',
  });
  await write('dev', { ...DOMAIN, loginUrl: 'on', table: TableName });
  expect(await refused()).toContain('table would change from pullpass-dev to pullpass-dev-2');
  const { code, output } = await checkout.osls('deploy', '--allow-change', 'table');
  expect([code, output]).toEqual([0, expect.stringContaining('invoke the output RestoreCommand')]);
  expect(output).toContain('pullpass-dev-login table: restored table');
  const { LoginUrl = '' } = await checkout.outputs();
  const anonymous = await get('/oauth/token?service=registry.example.com', { host: new URL(LoginUrl).host });
  expect(anonymous.status).toBe(503);
});

async function get(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; body: string }> {
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  request(new URL(path, ministack.endpoint), { headers }, resolve).on('error', reject).end();
  const answer = await promise;
  return { status: answer.statusCode, body: await text(answer) };
}
