/**
 * Everything that a deployment does to its tables, against the policies of the packaged template: each call is allowed to the function
 * that makes it, and no permission is left that none of them needs.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FunctionName, REGISTRY_ROUTES, ROUTES } from '../../lib/api/routes.ts';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createKeys } from '../../lib/compose/keys.ts';
import { createRestore } from '../../lib/compose/restore.ts';
import { createRouter } from '../../lib/http/router.ts';
import { ACCOUNT as AWS_NUMBER, FARM, LoopbackSts, proofOf } from '../iam/loopback-sts.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { EventBus } from '../support/event-bus.ts';
import type { Received, Sent } from '../support/events.ts';
import { SERVICE } from '../support/records.ts';
import { fill, itemsOf } from '../support/stores.ts';
import { openUpstream, type TestUpstream } from '../support/upstream.ts';
import { stackOf } from './support/cloudformation.ts';
import { allowing, type Call, callOf } from './support/iam.ts';
import { PROXIED_SERVICES, packaged } from './support/packaged.ts';
import { listed, type Statement, statementsOf } from './support/permissions.ts';

const keyOf = (pk: string, sk: string) => ({ TableName: 't', Key: { pk: { S: pk }, sk: { S: sk } } });
const TOKEN = keyOf('account#a', 'token#1');
const CLAIM = keyOf('namespace#team-a', 'claim');
const COUNTER = keyOf('usage#a', '2026-11-21#token#team-a/app');
const IDENTITY = keyOf('table', 'identity');
const CONTEXT = { awsRequestId: 'run', getRemainingTimeInMillis: () => 60_000 };

let policies: Map<string, Statement[]>;
let deployment: Deployment;
let sts: LoopbackSts;
let upstream: TestUpstream;
let bus: EventBus;
const calls: [name: string, call: Call][] = [];

beforeAll(async () => {
  policies = statementsOf(stackOf((await packaged({ services: PROXIED_SERVICES })).template));
  upstream = await openUpstream();
  sts = await new LoopbackSts().open();
  bus = await new EventBus().open();
  deployment = await deploy({
    onAws: true,
    services: [{ name: SERVICE.name, upstream: { url: upstream.url } }],
    issuers: [{ key: 'aws', kind: 'aws', endpoint: sts.url }],
    environment: {
      PULLPASS_EVENT_BUS: 'ops',
      AWS_ENDPOINT_URL_EVENTBRIDGE: bus.url,
      PULLPASS_ADMINISTRATORS: `dev:${ALICE} aws:aws:${AWS_NUMBER}:arn:aws:iam::${AWS_NUMBER}:role/builder`,
    },
  });
  // The deployment itself has initialised the table, as the function `keys` does on AWS.
  note('keys');
  await useEverything();
}, 120_000);
afterAll(async () => {
  await deployment?.close();
  await sts?.close();
  await bus?.close();
  await upstream?.close();
});

/** Takes what has come along the wire as the doing of a function. */
function note(name: string): void {
  const { wire, main } = deployment;
  const tables = { [main.variables.PULLPASS_TABLE ?? '']: 'pullpass-dev' };
  for (const { operation, body } of [...wire.requests.splice(0), ...wire.markerReads.splice(0)]) {
    const call = callOf(operation, body, tables);
    const isLedger = !call.resource.endsWith('/pullpass-dev');
    calls.push([
      name,
      isLedger ? { ...call, resource: `${call.resource.replace(/\/[^/]*$/, '')}/pullpass-dev-ledger` } : call,
    ]);
  }
}

async function send(
  line: string,
  sent?: Sent,
  expected: readonly number[] = [200, 201, 204],
): Promise<Received> {
  const [path = ''] = (line.split(' ')[1] ?? '').split('?');
  const served = { ...ROUTES, registry: [...ROUTES.registry, ...REGISTRY_ROUTES] };
  const names = Object.keys(served) as (FunctionName | 'registry')[];
  const name = names.find(one => createRouter(served[one]).errorFormatOf(path) !== undefined);
  const answer = await deployment.send(line, sent);
  expect([line, ...expected]).toContain(answer.status);
  note(name ?? 'fallback');
  return answer;
}

/** One of each act, by callers of each kind, until every line of code that calls the tables has run. */
async function useEverything(): Promise<void> {
  const basic = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
  const alice: Send = (line, sent = {}) => send(line, { basic, ...sent });
  await alice('PUT /v1/namespaces/team-a');
  await alice('GET /v1/namespaces');
  const json = { access: 'push', repositories: ['team-a/*'], nonExpiring: true };
  const headers = { 'idempotency-key': 'one' };
  const { id, token } = (await alice('POST /v1/tokens', { json, headers })).json;
  await alice('POST /v1/tokens', { json, headers });
  await alice('GET /v1/tokens');
  await alice(`GET /v1/tokens/${id}`);
  await alice(`GET /v1/tokens/${id}/value`);
  const policy = { subject: '*', role: 'reader', repositories: ['team-a/*'] };
  const { id: policyId } = (await alice('POST /v1/policies', { json: policy })).json;
  await alice('GET /v1/policies');
  await alice('GET /v1/usage');
  await alice('GET /v1/audit?act=add-token');
  await alice('PUT /v1/rules', { json: { requireOwner: false } });
  await alice('GET /v1/rules');
  const credential = await useLogins(token);
  await usePulls((await alice('POST /v1/tokens', { json: { limits: { pullsPerDay: 1 } } })).json.token);
  await useProofs();
  await send('GET /health');
  await useHealth();
  await send('GET /.well-known/jwks.json');
  const before = await itemsOf(deployment.table);
  await alice(`PATCH /v1/tokens/${id}`, { json: { description: 'new', expiresInSeconds: 86_400 } });
  await send('POST /oauth/revoke', { form: { token: credential } });
  const rotated = await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } });
  // Two at once: one finds that the other was faster, and looks what has become of its own write.
  await Promise.all(
    [token, token, token].map(value => send('POST /oauth/revoke', { form: { token: value } })),
  );
  await send('POST /oauth/revoke', { form: { token: rotated.json.token } });
  const { headers: refused } = await send('GET /oauth/token', { basic: ['token', token] }, [401]);
  await alice('POST /v1/explain', { json: { requestId: refused['x-request-id'] } });
  for (const whose of [{ token: id }, { subject: 'alice' }]) await alice('POST /v1/explain', { json: whose });
  await alice(`DELETE /v1/tokens/${id}`);
  await alice(`DELETE /v1/policies/${policyId}`);
  await alice('DELETE /v1/namespaces/team-a');
  await useRestore(before);
  await useCleanup();
}

/** What a deployment asks each function at its end. */
async function useHealth(): Promise<void> {
  const { world, handlers } = deployment;
  const others = { cleanup: createCleanup(world), keys: createKeys(world), restore: createRestore(world) };
  for (const [name, handler] of Object.entries<unknown>({ ...handlers, ...others })) {
    const report = await (handler as (event: object, context: object) => Promise<unknown>)(
      { health: true },
      CONTEXT,
    );
    expect([name, report]).toEqual([name, { status: 'ok' }]);
    note(name);
  }
}

type Send = (line: string, sent?: Sent) => Promise<Received>;

/** Answers a credential that is in use. */
async function useLogins(token: string): Promise<string> {
  const login = 'GET /oauth/token?service=localhost:5000&scope=repository:team-a/app:pull,push';
  await send(login, { basic: ['token', token] });
  await send(login, { basic: ['iamapikey', await deployment.apiKeyOf(ALICE)] });
  deployment.wait(3700);
  // After an hour the next use is stored again, here by the vending.
  const { password } = (await send('POST /v1/credentials', { bearer: token, json: {} })).json;
  await send(login, { basic: ['token', password] });
  return password;
}

/** A pull, one beyond the limit of the day, and a layer after an hour without another login. */
async function usePulls(token: string): Promise<void> {
  const login = 'GET /oauth/token?service=localhost:5000&scope=repository:team-a/app:pull';
  await send(login, { basic: ['token', token] });
  deployment.wait(3500);
  const bearer = (await send(login, { basic: ['token', token] })).json.token;
  await send('GET /v2/', { bearer });
  await send('GET /v2/team-a/app/manifests/1', { bearer });
  await send('GET /v2/team-a/app/manifests/1', { bearer }, [429]);
  deployment.wait(200);
  await send(`GET /v2/team-a/app/blobs/sha256:${'a'.repeat(64)}`, { bearer });
}

/** Proofs that are good once. */
async function useProofs(): Promise<void> {
  const proof = (expiresIn: number) => proofOf(FARM, { signedAtMs: Date.now(), expiresIn });
  for (const [line, json, value] of [
    ['GET /v1/identity', undefined, await proof(300)],
    ['POST /v1/credentials', {}, await proof(301)],
  ] as const) {
    const sent = { basic: ['awsiam', value], ...(json === undefined ? {} : { json }) } as const;
    await send(line, sent);
    await send(line, sent, [401]);
  }
}

/** The table as it was, and so another than the ledger's. */
async function useRestore(items: Awaited<ReturnType<typeof itemsOf>>): Promise<void> {
  const others = items.map(item => (item.sk === 'identity' ? { ...item, id: 'another' } : item));
  await fill(deployment.table, others);
  const handler = createRestore(deployment.world);
  const counts = (await handler({}, CONTEXT)) as { applied: number };
  expect(counts).toMatchObject({ finished: true, served: true });
  // The token, the policy and the namespace: once the removal of the token is applied, its other entries change nothing.
  expect(counts.applied).toBeGreaterThanOrEqual(3);
  note('restore');
}

async function useCleanup(): Promise<void> {
  const cleanup = (input: object | undefined, remaining = 600_000) =>
    createCleanup(deployment.world)(input, { ...CONTEXT, getRemainingTimeInMillis: () => remaining });
  await deployment.as(ALICE)('POST /v1/tokens', { json: { expiresInSeconds: 28 * 86_400 } });
  note('management');
  deployment.wait(21 * 86_400);
  await deployment.initialise();
  note('keys');
  await cleanup(undefined);
  await cleanup({ notices: true });
  expect(bus.entries.map(({ DetailType }) => DetailType)).toContain('token.expiring');
  note('cleanup');
  deployment.wait(400 * 86_400);
  // The function `keys` attests the table every hour.
  await deployment.initialise();
  note('keys');
  for (const remaining of [0, 60_000]) {
    await cleanup(undefined, remaining);
    note('cleanup');
  }
}

it('every call is allowed to the function that makes it', () => {
  expect(calls.length).toBeGreaterThan(60);
  const refused = calls.filter(([name, call]) => allowing(policies.get(name) ?? [], call).length === 0);
  expect(refused).toEqual([]);
});

it('every permission on a table is needed', () => {
  const granted = [...policies].flatMap(([name, statements]) =>
    statements.flatMap(statement =>
      listed(statement.Action)
        .filter(action => action.startsWith('dynamodb:'))
        .map(action => ({ name, statement, action })),
    ),
  );
  const idle = granted.filter(
    ({ name, statement, action }) =>
      !calls.some(
        ([caller, call]) =>
          caller === name && call.action === action && allowing([statement], call).length > 0,
      ),
  );
  expect(
    idle.map(({ name, action, statement }) => [
      name,
      action,
      listed(statement.Resource),
      statement.Condition,
    ]),
  ).toEqual([]);
});

it.each<[name: string, what: string, operation: string, input: object]>([
  ['login', 'the hash of a token', 'UpdateItem', { ...TOKEN, UpdateExpression: 'SET hash = :x' }],
  [
    'login',
    'the end of a token',
    'UpdateItem',
    { ...TOKEN, UpdateExpression: 'SET lastUsedAt = :x REMOVE expiresAt' },
  ],
  [
    'login',
    'a token by its old values',
    'UpdateItem',
    { ...TOKEN, UpdateExpression: 'SET lastUsedAt = :x', ReturnValues: 'ALL_OLD' },
  ],
  ['login', 'a claim', 'UpdateItem', { ...CLAIM, UpdateExpression: 'SET lastUsedAt = :x' }],
  ['login', 'a new item', 'PutItem', { TableName: 't', Item: TOKEN.Key }],
  ['login', 'whose the table is', 'UpdateItem', { ...IDENTITY, UpdateExpression: 'SET lastUsedAt = :x' }],
  ['login', 'all tokens of all accounts', 'Scan', { TableName: 't' }],
  ['registry', 'the hash of a token', 'UpdateItem', { ...TOKEN, UpdateExpression: 'SET hash = :x' }],
  ['registry', 'the limit of a token', 'UpdateItem', { ...TOKEN, UpdateExpression: 'SET pullsPerDay = :x' }],
  ['registry', 'a counter in another item', 'UpdateItem', { ...CLAIM, UpdateExpression: 'ADD pulls :x' }],
  ['registry', 'a counter as a whole', 'PutItem', { TableName: 't', Item: COUNTER.Key }],
  ['registry', 'a counter that is to go', 'DeleteItem', COUNTER],
  [
    'registry',
    'the rules of an account',
    'Query',
    {
      TableName: 't',
      KeyConditionExpression: 'pk = :p',
      ExpressionAttributeValues: { ':p': { S: 'account#a' } },
    },
  ],
  ['management', 'all tokens of all accounts', 'Scan', { TableName: 't' }],
  ['management', 'whose the table is', 'PutItem', { TableName: 't', Item: IDENTITY.Key }],
  ['management', 'a claim for ever', 'DeleteItem', CLAIM],
  ['cleanup', 'a token', 'UpdateItem', { ...TOKEN, UpdateExpression: 'SET expiresAt = :x' }],
  ['keys', 'a token', 'GetItem', TOKEN],
  ['discovery', 'a token', 'GetItem', TOKEN],
])('%s may not touch %s (%s)', (name, _, operation, input) => {
  const call = callOf(operation, JSON.stringify(input), { t: 'pullpass-dev' });
  expect(allowing(policies.get(name) ?? [], call)).toEqual([]);
});
