/** Every operation of the OpenAPI document is driven to every one of its answers, and to no other. */
import { mkdtempSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FORMAT_NAMES, formatNamed } from '../../lib/api/credential-formats.ts';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { MAX_RULES } from '../../lib/domain/policy.ts';
import { toSeconds } from '../../lib/domain/time.ts';
import { MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../lib/http/body.ts';
import type { Route } from '../../lib/http/request.ts';
import type { Item } from '../../lib/ports/table.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { partition } from '../../lib/store/items.ts';
import { POLICY, TRUST } from '../../lib/store/rule-store.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { ALICE, BOB, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import { CONTEXT, eventOf, type Received, received, type Sent } from '../support/events.ts';
import { answersOf, OpenApiContract, operationOf } from '../support/openapi-contract.ts';
import { openGitHub, openIam, type TestIssuer } from '../support/platforms.ts';
import { ACCOUNT, aPolicy, aTrust, SERVICE } from '../support/records.ts';

/** A second registry, of the other profile and algorithm. */
const OTHER = {
  name: 'other.example',
  registry: 'other.example',
  profile: 'kid',
  algorithm: 'RS256',
  lifetimeSeconds: 300,
} as const;
const NOTIFICATIONS = 'a-secret-of-notifications';
const NEVER = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';
const EXCHANGE = {
  grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
  subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  audience: SERVICE.name,
};

const contract = new OpenApiContract();
let deployment: Deployment;
let weak: TestIssuer;
let github: TestIssuer;

beforeAll(async () => {
  weak = await openIam('weak', { audience: 'none:https://weak.example/identity' });
  github = await openGitHub();
  const directory = mkdtempSync(join(tmpdir(), 'pullpass-contract-'));
  const services = join(directory, 'services.json');
  const secret = `file:${join(directory, 'secret')}`;
  writeFileSync(join(directory, 'secret'), NOTIFICATIONS);
  writeFileSync(services, JSON.stringify([{ ...SERVICE, notifications: { secret } }, OTHER]));
  deployment = await deploy({
    issuers: [weak.entry, github.entry],
    environment: {
      PULLPASS_SERVICES: services,
      PULLPASS_NAMESPACES: 'dev:acme=team-* dev:rival=team-*',
      PULLPASS_FAILURES_PER_MINUTE: '1',
    },
  });
  await maintainRing(OTHER, fileKeyStore(join(deployment.directory, 'keys')), toSeconds(Date.now()));
});
afterAll(async () => {
  await deployment.close();
  await weak.server.close();
  await github.server.close();
});

let addresses = 0;
/** An address may fail once in a minute here, so every request comes from another. */
function anAddress(): string {
  const count = addresses++;
  return `10.0.${count >> 8}.${count & 255}`;
}

async function ask(line: string, sent: Sent = {}): Promise<Received> {
  const answer = await deployment.send(line, { sourceIp: anAddress(), ...sent });
  contract.see(line, sent, answer);
  return answer;
}

async function askAs(who: string, line: string, sent: Sent = {}): Promise<Received> {
  return ask(line, { basic: ['iamapikey', await deployment.apiKeyOf(who)], ...sent });
}

/** The statuses, or codes of failures, that Alice's requests are answered with. */
async function expectOf(status: number | string, line: string, sent?: Sent): Promise<Received> {
  const answer = await askAs(ALICE, line, sent);
  expect([line, typeof status === 'number' ? answer.status : answer.json.code], answer.text).toEqual([
    line,
    status,
  ]);
  return answer;
}

const addToken = async (facts: object = {}) => (await expectOf(201, 'POST /v1/tokens', { json: facts })).json;
const withKey = (name: string): Sent => ({ headers: { 'idempotency-key': name } });

function pathOf({ path }: Route): string {
  return path.replace('{id}', NEVER).replace('{name}', 'team-a').replace('{service}', SERVICE.name);
}

/** Readable once, as an event is checked; from then on as no platform has them. */
function failingHeaders(): Record<string, string> {
  let looks = 0;
  const ownKeys = () => {
    looks += 1;
    if (looks > 1) throw new Error('the headers cannot be read');
    return [];
  };
  return new Proxy({}, { ownKeys });
}

const ROWS = ALL_ROUTES.map((route): [string, Route] => [`${route.method} ${pathOf(route)}`, route]);
const has = (route: Route, status: number) => String(status) in operationOf(route).responses;
/** A request with this secret where the route looks for one, about a service where it asks for one. */
function withSecret(secret: string, [line, { body, authentication }]: (typeof ROWS)[number]): [string, Sent] {
  const service = SERVICE.name;
  const basic = ['token', secret] as const;
  if (authentication === 'public') return [line, body === 'form' ? { form: { token: secret } } : {}];
  if (body === 'form') {
    return [line, { form: { grant_type: 'password', username: 'token', password: secret, service } }];
  }
  if (authentication === 'vend') return [line, { basic, json: { service } }];
  if (authentication === 'holder') return [line, { basic }];
  if (authentication === 'login') return [`${line}?service=${service}`, { basic }];
  return [line, { basic: ['iamapikey', secret] }];
}

const IDENTITIES = new Set<Route['authentication']>(['administrator', 'strong-administrator', 'identity']);

/** A good secret for each kind of route that an administrator's does not open. */
const SECRETS: Partial<Record<Route['authentication'], () => Promise<Sent>>> = {
  notifications: async () => ({ basic: ['events', NOTIFICATIONS] }),
  holder: async () => ({ bearer: (await addToken()).token }),
};

/** Whether the route reads its secret from the form, or needs none. */
const isOpen = ({ authentication }: Route) => authentication === 'public' || authentication === 'login';

describe.each(ROWS)('%s', (line, route) => {
  // A caller is authenticated before the query and the body are parsed.
  const send: typeof ask = isOpen(route)
    ? ask
    : async (asked, sent) => {
        const secret = await SECRETS[route.authentication]?.();
        return secret === undefined ? askAs(ALICE, asked, sent) : ask(asked, { ...secret, ...sent });
      };

  it('is answered as documented when the request is none', async () => {
    expect((await send(`${line}?a=%zz`)).status).toBe(400);
    expect((await ask(line, { body: 'x'.repeat(MAX_BODY_BYTES + 1) })).status).toBe(413);
    expect((await ask(line, { headers: { x: 'x'.repeat(MAX_HEAD_BYTES) } })).status).toBe(431);
    if (route.body === 'none') return;
    expect((await send(line, { body: 'x', headers: { 'content-type': 'text/plain' } })).status).toBe(415);
  });

  it('is answered as documented when we fail', async () => {
    const event = { ...eventOf(line), headers: failingHeaders() };
    const answer = received(await deployment.invoke(event, CONTEXT));
    expect(answer.status).toBe(500);
    contract.see(line, {}, answer);
  });
});

describe.each(ROWS.filter(([, { authentication }]) => authentication !== 'public'))('%s', (line, route) => {
  it('is answered as documented when the proof is not good', async () => {
    const [request, sent] = withSecret('x', [line, route]);
    const sourceIp = anAddress();
    expect((await ask(request, { ...sent, sourceIp })).status).toBe(401);
    expect((await ask(request, { ...sent, sourceIp })).status).toBe(429);
  });
});

it('what a registry reports is taken as documented', async () => {
  const line = `POST /v1/services/${SERVICE.name}/events`;
  const headers = { 'content-type': 'application/vnd.docker.distribution.events.v2+json' };
  const report = { basic: ['events', NOTIFICATIONS] as const, headers, body: '{"events":[{}]}' };
  expect((await ask(line, report)).status).toBe(204);
});

describe.each(ROWS.filter(([, { authentication }]) => authentication.endsWith('administrator')))(
  '%s',
  line => {
    it('is answered as documented to those who are no administrators', async () => {
      expect((await askAs(MALLORY, line)).json.code).toBe('forbidden');
    });
  },
);

describe.each(ROWS.filter(([, { authentication }]) => IDENTITIES.has(authentication)))('%s', line => {
  it('is answered as documented to the holder of a registry token', async () => {
    const { json } = await ask(line, { bearer: `plp_${'0'.repeat(87)}` });
    expect(json.code).toBe('not-an-administrator-credential');
  });
});

describe('tokens', () => {
  it('are added once for a key', async () => {
    await addToken({ description: 'a', access: 'push', repositories: ['team-a/*'], expiresInSeconds: 60 });
    await addToken({ nonExpiring: true });
    const json = { retrievable: false };
    await expectOf(201, 'POST /v1/tokens', { json, ...withKey('once') });
    await expectOf('idempotency-replayed', 'POST /v1/tokens', { json, ...withKey('once') });
    await expectOf('idempotency-mismatch', 'POST /v1/tokens', { json: {}, ...withKey('once') });
    const { json: problem } = await expectOf(400, 'POST /v1/tokens', { json: { access: 'all' } });
    expect(problem.errors).toHaveLength(1);
  });

  it('are listed in pages, and shown', async () => {
    const { id, token } = await addToken();
    await addToken();
    const { nextCursor } = (await expectOf(200, 'GET /v1/tokens?limit=1')).json;
    await expectOf(200, `GET /v1/tokens?limit=200&cursor=${nextCursor}`);
    await deployment.logIn(token);
    expect((await expectOf(200, `GET /v1/tokens/${id}`)).json.lastUsedAt).not.toBeNull();
    await expectOf(404, `GET /v1/tokens/${NEVER}`);
  });

  it('have their pulls listed in pages', async () => {
    const { id } = await addToken();
    const { table, world } = deployment;
    const usage = usageStore({ table, randomBytes: world.randomBytes });
    const pull = { handle: accountHandle('dev:acme'), pullsPerDay: null, token: id };
    for (const repository of ['team-a/app', 'team-a/tool'])
      await usage.count({ ...pull, repository }, toSeconds(Date.now()));
    const line = `GET /v1/usage?token=${id}&limit=1`;
    const { nextCursor } = (await expectOf(200, line)).json;
    expect((await expectOf(200, `${line}&cursor=${nextCursor}`)).json.nextCursor).toBeNull();
  });

  it('are judged by rules, which say what breaks them', async () => {
    await addToken({ nonExpiring: true });
    await expectOf(200, 'PUT /v1/rules', { json: { nonExpiring: 'forbidden', maxExpiresInSeconds: null } });
    const { breaking } = (await expectOf(200, 'GET /v1/rules')).json;
    expect(breaking.length).toBeGreaterThan(0);
    await expectOf(400, 'POST /v1/tokens', { json: { nonExpiring: true } });
    await expectOf(400, 'PUT /v1/rules', { json: { maxCredentialSeconds: 59 } });
    await expectOf(200, 'PUT /v1/rules', { json: {} });
  });

  it('have what was done to them listed in pages', async () => {
    const { id } = await addToken();
    await expectOf(200, `PATCH /v1/tokens/${id}`, { json: { description: 'changed' } });
    const line = `GET /v1/audit?target=${id}&limit=1`;
    const { nextCursor } = (await expectOf(200, line)).json;
    expect((await expectOf(200, `${line}&cursor=${nextCursor}`)).json.nextCursor).toBeNull();
  });

  it('have their logins explained', async () => {
    const { id } = await addToken();
    const json = { token: id, scope: 'repository:team-a/app:pull' };
    await expectOf('not-found', 'POST /v1/explain', { json: { requestId: 'never' } });
    await expectOf(200, 'POST /v1/explain', { json: { ...json, at: new Date(Date.now()).toISOString() } });
  });

  it('are ensured by their name', async () => {
    const ensure = 'PUT /v1/tokens/by-name/ensured';
    const json = { access: 'push', repositories: ['team-a/*'], limits: { pullsPerDay: 5 } };
    await expectOf(201, ensure, { json, ...withKey('ensured') });
    await expectOf(200, ensure, { json: { ...json, access: 'pull', networks: ['192.0.2.0/24'] } });
    const { differences, id } = (await expectOf(200, ensure, { json: { access: 'pull', apply: true } })).json;
    expect(differences).toEqual(['access']);
    await expectOf('idempotency-mismatch', ensure, { json: {}, ...withKey('ensured') });
    await expectOf(204, `DELETE /v1/tokens/${id}`);
    await expectOf('idempotency-replayed', ensure, { json, ...withKey('ensured') });
    await expectOf('invalid-request', 'PUT /v1/tokens/by-name/-');
  });

  it('show their value while they may', async () => {
    const [{ id }, { id: once }] = [await addToken(), await addToken({ retrievable: false })];
    await expectOf(200, `GET /v1/tokens/${id}/value`);
    await expectOf('not-retrievable', `GET /v1/tokens/${once}/value`);
    await expectOf(200, `PATCH /v1/tokens/${id}`, { json: { disabled: true, repositories: null } });
    await expectOf('token-disabled', `GET /v1/tokens/${id}/value`);
    await expectOf(404, `GET /v1/tokens/${NEVER}/value`);
  });

  it('are rotated, changed and removed', async () => {
    const { id } = await addToken({ retrievable: false });
    const rotate = `POST /v1/tokens/${id}/rotate`;
    await expectOf(200, rotate, { json: { graceSeconds: 60 }, ...withKey('turn') });
    await expectOf('rotation-in-progress', rotate);
    await expectOf('idempotency-replayed', rotate, { json: { graceSeconds: 60 }, ...withKey('turn') });
    await expectOf('idempotency-mismatch', rotate, { json: { force: true }, ...withKey('turn') });
    await expectOf(200, `PATCH /v1/tokens/${id}`, { json: { nonExpiring: true } });
    await expectOf(204, `DELETE /v1/tokens/${id}`);
    await expectOf(404, `DELETE /v1/tokens/${id}`);
    await expectOf(404, rotate);
    await expectOf(404, `PATCH /v1/tokens/${id}`, { json: { disabled: true } });
  });
});

describe('namespaces', () => {
  it('are registered, listed and released', async () => {
    await expectOf(201, 'PUT /v1/namespaces/team-a');
    await expectOf(200, 'PUT /v1/namespaces/team-a');
    await expectOf('registration-closed', 'PUT /v1/namespaces/elsewhere');
    expect((await askAs(BOB, 'PUT /v1/namespaces/team-a')).json.code).toBe('namespace-taken');
    await expectOf(200, 'GET /v1/namespaces');
    await expectOf(201, 'PUT /v1/namespaces/team-b');
    await expectOf(204, 'DELETE /v1/namespaces/team-b');
    await expectOf(404, 'DELETE /v1/namespaces/team-b');
  });
});

const POLICY_BODY = { subject: 'bob', role: 'writer', repositories: ['team-a/*'] };
const TRUST_BODY = { issuer: 'github', claims: { repository_id: '74', repository_owner_id: '65' } };

describe.each([
  ['policies', POLICY_BODY],
  ['trusts', TRUST_BODY],
])('%s', (noun, json) => {
  it('are added, listed and removed', async () => {
    const { id } = (await expectOf(201, `POST /v1/${noun}`, { json })).json;
    await expectOf(200, `GET /v1/${noun}`);
    await expectOf(204, `DELETE /v1/${noun}/${id}`);
    await expectOf(404, `DELETE /v1/${noun}/${id}`);
  });

  it('are as many as the limit allows, and then 409', async () => {
    for (let i = 0; i < MAX_RULES; i++) {
      await deployment.table.put(itemOf(noun));
    }
    await expectOf('limit-reached', `POST /v1/${noun}`, { json });
  });
});

/** A rule of Alice's account that names no caller here. */
function itemOf(noun: string): Item {
  const kind = noun === 'trusts' ? TRUST : POLICY;
  const rule = noun === 'trusts' ? aTrust() : aPolicy({ subject: 'dev:unknown' });
  const key = { pk: partition(accountHandle(ACCOUNT)), sk: kind.prefix + rule.id };
  return { ...key, ...kind.toAttributes(rule as never) };
}

it('what can be trusted is listed', async () => {
  await expectOf(200, 'GET /v1/issuers');
});

describe('the caller', () => {
  it('gets its identity', async () => {
    const { roles } = (await expectOf(200, 'GET /v1/identity')).json;
    expect(roles).toHaveLength(1);
  });
  it('gets its roles with their policies', async () => {
    const json = { subject: 'weak:alice', role: 'reader' };
    expect((await askAs(BOB, 'POST /v1/policies', { json: { ...json, subject: '*' } })).status).toBe(201);
    const { roles } = (await askAs(BOB, 'GET /v1/identity')).json;
    expect(roles).toEqual([expect.anything(), expect.objectContaining({ source: expect.any(Object) })]);
  });
  it('gets no roles for a proof that another service could replay', async () => {
    const { json } = await ask('GET /v1/identity', { bearer: weak.token({ aud: undefined }) });
    expect(json.code).toBe('forbidden');
  });
});

describe('credentials', () => {
  const vend = (token: string, json: object, headers = {}) =>
    ask('POST /v1/credentials', { bearer: token, json: { service: SERVICE.name, ...json }, headers });

  it.each(FORMAT_NAMES)('have the shape %s, by its name and by its media type', async format => {
    const { token } = await addToken();
    const { mediaType } = formatNamed(format);
    for (const repositories of [null, ['team-a/app', 'team-a/tools/*']]) {
      expect((await vend(token, { format, repositories })).headers['content-type']).toBe(mediaType);
    }
    expect((await vend(token, {}, { accept: mediaType })).headers['content-type']).toBe(mediaType);
  });

  it('are refused when they cannot be', async () => {
    const { token } = await addToken();
    expect((await vend(token, { access: 'push' })).json.code).toBe('wider-than-parent');
    expect((await vend(token, { service: 'nowhere' })).json.code).toBe('unknown-service');
    expect((await vend(token, { expiresInSeconds: 1 })).json.code).toBe('invalid-request');
  });

  it('and tokens are ended by their holders', async () => {
    const { token } = await addToken();
    expect((await ask('POST /oauth/revoke', { form: { token } })).status).toBe(200);
    expect((await ask('POST /oauth/revoke', { form: {} })).status).toBe(400);
  });
});

describe.each(['/oauth/token', '/auth/token'])('a login at %s', path => {
  const scope = 'repository:team-a/app:pull';
  const service = SERVICE.name;

  it('by GET gets a token, and 400 for an unknown service', async () => {
    const { token } = await addToken();
    const basic = ['token', token] as const;
    expect((await ask(`GET ${path}?service=${service}&scope=${scope}`, { basic })).status).toBe(200);
    expect((await ask(`GET ${path}?service=${service}`)).status).toBe(200);
    expect((await ask(`GET ${path}?service=nowhere`, { basic })).status).toBe(400);
  });

  it('by a form gets a token and its scope, and 400 for what is unknown', async () => {
    const { token: password } = await addToken();
    const form = { grant_type: 'password', username: 'token', password, service, scope };
    expect((await ask(`POST ${path}`, { form })).json.scope).toBe(scope);
    expect((await ask(`POST ${path}`, { form: { ...form, service: 'nowhere' } })).status).toBe(400);
    const { json } = await ask(`POST ${path}`, { form: { grant_type: 'refresh_token' } });
    expect(json.error).toBe('unsupported_grant_type');
  });

  it('that exchanges a token gets a credential, and 403 for more than the token may', async () => {
    const { token } = await addToken();
    const form = { ...EXCHANGE, subject_token: token };
    expect((await ask(`POST ${path}`, { form })).json.scope).toBeUndefined();
    expect((await ask(`POST ${path}`, { form: { ...form, scope } })).json.scope).toBe(scope);
    const wider = { ...form, scope: 'repository:team-a/app:pull,push' };
    expect((await ask(`POST ${path}`, { form: wider })).status).toBe(403);
  });
});

describe('public documents', () => {
  it('are there for every service', async () => {
    for (const { name } of [SERVICE, OTHER]) {
      for (const file of ['jwks.json', 'signing-key.json', 'next-signing-key.json'])
        expect((await ask(`GET /v1/services/${name}/${file}`)).status).toBe(200);
    }
    for (const file of ['signing-key.json', 'next-signing-key.json'])
      expect((await ask(`GET /v1/services/nowhere/${file}`)).status).toBe(404);
    const { keys } = (await ask('GET /.well-known/jwks.json')).json;
    expect(new Set(keys.map(({ kty }: { kty: string }) => kty))).toEqual(new Set(['EC', 'RSA']));
    expect((await ask(`GET /v1/services/${SERVICE.name}/rootcertbundle.pem`)).status).toBe(200);
    expect((await ask(`GET /v1/services/${OTHER.name}/rootcertbundle.pem`)).status).toBe(404);
    expect((await ask('GET /v1/services/nowhere/jwks.json')).status).toBe(404);
  });
  it.each(['/.well-known/oauth-authorization-server', '/openapi.json', '/health'])('%s', async path => {
    expect((await ask(`GET ${path}`)).status).toBe(200);
  });
  it.each([
    `/v1/services/${SERVICE.name}/jwks.json`,
    `/v1/services/${SERVICE.name}/rootcertbundle.pem`,
    '/.well-known/jwks.json',
    '/.well-known/oauth-authorization-server',
    '/openapi.json',
  ])('%s is not sent again to who has it', async path => {
    const { etag = '' } = (await ask(`GET ${path}`)).headers;
    expect((await ask(`GET ${path}`, { headers: { 'if-none-match': etag } })).status).toBe(304);
  });
});

// Time passes here, in which the proofs of the others end.
describe('the token of its holder', () => {
  const held = (value: string, sent: Sent = {}) => ({ bearer: value, ...sent });
  const codeOf = async (line: string, sent: Sent) => (await ask(line, sent)).json.code;

  it('is shown to its value and to a credential', async () => {
    const { id, token } = await addToken();
    expect((await ask('GET /v1/token', held(token))).status).toBe(200);
    await expectOf(200, `POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 60 } });
    const graced = (await ask('GET /v1/token', held(token))).json;
    expect([graced.presented, graced.previousValue]).toEqual(['previous-value', expect.anything()]);
    const json = { service: SERVICE.name };
    const { password } = (await askAs(ALICE, 'POST /v1/credentials', { json })).json;
    expect(await codeOf('GET /v1/token', held(password))).toBe('forbidden');
  });

  it('is rotated', async () => {
    const rotate = 'POST /v1/token/rotate';
    const { token } = await addToken({ selfRotate: true, nonExpiring: true, retrievable: false });
    const sent = held(token, { json: { graceSeconds: 7200 }, ...withKey('own') });
    const next = (await ask(rotate, sent)).json.token;
    expect(await codeOf(rotate, sent)).toBe('idempotency-replayed');
    expect(await codeOf(rotate, { ...sent, json: {} })).toBe('idempotency-mismatch');
    expect(await codeOf(rotate, held(token))).toBe('forbidden');
    expect(await codeOf(rotate, held(next))).toBe('rate-limited');
    deployment.wait(3600);
    expect(await codeOf(rotate, held(next))).toBe('rotation-in-progress');
  });

  it.each(['GET /v1/token', 'POST /v1/token/rotate'])('says by %s that it has ended', async line => {
    const { id, token } = await addToken();
    const rotated = (await expectOf(200, `POST /v1/tokens/${id}/rotate`)).json.token;
    expect(await codeOf(line, held(token))).toBe('token-rotated');
    await expectOf(200, `PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    expect(await codeOf(line, held(rotated))).toBe('token-disabled');
    const short = await addToken({ expiresInSeconds: 60 });
    deployment.wait(60);
    expect(await codeOf(line, held(short.token))).toBe('token-expired');
  });
});

describe('when what it needs does not answer', () => {
  let token: string;
  beforeAll(async () => {
    token = (await addToken()).token;
    await rm(join(deployment.directory, 'keys'), { recursive: true });
    deployment.wait(3600);
    deployment.wire.cut = () => true;
  });

  it.each(ROWS.filter(([, route]) => has(route, 503)))('%s says so', async (line, route) => {
    const isManaged =
      route.authentication !== 'public' &&
      route.authentication !== 'login' &&
      route.authentication !== 'vend';
    const [request, sent] = withSecret(token, [line, route]);
    const answer = isManaged ? await askAs(ALICE, line) : await ask(request, sent);
    expect(answer.status).toBe(503);
  });
});

it('a trust is refused as documented where no build platform is configured', async () => {
  const without = await deploy();
  const sent = { basic: ['iamapikey', await without.apiKeyOf(ALICE)] as const, json: TRUST_BODY };
  const answer = await without.send('POST /v1/trusts', sent);
  contract.see('POST /v1/trusts', sent, answer);
  expect([answer.status, answer.json.code]).toEqual([409, 'no-build-platform']);
  await without.close();
});

describe('the document', () => {
  it.each(ROWS)('has no answer of %s that was not seen', (_, route) => {
    const documented = answersOf(route);
    expect(documented.length).toBeGreaterThanOrEqual(5);
    expect(documented.filter(answer => !contract.seen.has(answer))).toEqual([]);
  });
});
