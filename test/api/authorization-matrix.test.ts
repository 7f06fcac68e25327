/**
 * Who may do what: every kind of caller, at every route, to things in every state, of its own account and of each
 * other. What is expected is written here anew, in a few sentences, and shares nothing with the product.
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ALL_ROUTES } from '../../lib/api/routes.ts';
import {
  ACCOUNTS,
  type AnAccount,
  namespaceOf,
  openWorld,
  type World,
  workloadToken,
} from '../support/callers.ts';
import type { Received, Sent } from '../support/events.ts';

const AWS = ACCOUNTS[4];
const NEVER = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';

let world: World;
/** Things that nothing changes any more, by account and state. */
const lasting = new Map<string, string>();
let cells = 0;

/** What can be known about a caller without asking the product. */
interface Caller {
  readonly account: AnAccount | undefined;
  /** `none`: no proof of an IAM that holds. */
  readonly role: 'administrator' | 'less' | 'none';
  readonly isWeak?: boolean;
  /** Has a secret that logs in to registries, and is told so. */
  readonly isOfRegistries?: boolean;
  /** What a credential for one repository of the account is answered, without any policy of its own: 403 for no right. */
  readonly vends: 201 | 401 | 403;
  readonly proof: () => Promise<Sent> | Sent;
}

const key = async (userName: string, secret: Promise<string>): Promise<Sent> => ({
  basic: [userName, await secret],
});
const CALLERS: Record<string, Caller> = {
  'administrator by API key': {
    account: 'dev:acme',
    role: 'administrator',
    vends: 201,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('acme:alice')),
  },
  'administrator by Bearer': {
    account: 'dev:acme',
    role: 'administrator',
    vends: 201,
    proof: async () => ({ bearer: await world.deployment.bearerOf('acme:alice') }),
  },
  'administrator by access token': {
    account: 'dev:acme',
    role: 'administrator',
    vends: 201,
    proof: () => key('iambearer', world.deployment.bearerOf('acme:alice')),
  },
  'administrator by refresh token': {
    account: 'dev:acme',
    role: 'administrator',
    vends: 201,
    proof: () => key('iamrefresh', world.deployment.refreshTokenOf('acme:alice')),
  },
  'administrator by policy': {
    account: 'dev:acme',
    role: 'administrator',
    vends: 201,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('acme:dave')),
  },
  manager: {
    account: 'dev:acme',
    role: 'less',
    vends: 201,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('acme:mona')),
  },
  writer: {
    account: 'dev:acme',
    role: 'less',
    vends: 201,
    proof: () => key('iambearer', world.deployment.bearerOf('acme:will')),
  },
  reader: {
    account: 'dev:acme',
    role: 'less',
    vends: 201,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('acme:rita')),
  },
  'identity without a role': {
    account: 'dev:acme',
    role: 'less',
    vends: 403,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('acme:mallory')),
  },
  'administrator of the rival': {
    account: 'dev:rival',
    role: 'administrator',
    vends: 201,
    proof: () => key('iamapikey', world.deployment.apiKeyOf('rival:bob')),
  },
  'namesake at another IAM': {
    account: 'other:acme',
    role: 'administrator',
    vends: 201,
    proof: () => ({ bearer: world.other.token() }),
  },
  'stranger at another IAM': {
    account: 'other:acme',
    role: 'less',
    vends: 403,
    proof: () => ({ bearer: world.other.token({ iam_id: 'mallory' }) }),
  },
  'administrator by a weak proof': {
    account: 'weak:acme',
    role: 'administrator',
    vends: 201,
    isWeak: true,
    proof: () => ({ bearer: world.weak.token({ aud: undefined }) }),
  },
  'role in AWS': {
    account: AWS,
    role: 'administrator',
    vends: 201,
    proof: () => key('awsiam', world.freshProof()),
  },
  workload: {
    account: undefined,
    role: 'none',
    vends: 201,
    proof: () => ({ basic: ['oidc', workloadToken(world, 'dev:acme')] }),
  },
  'holder of a registry token': {
    account: undefined,
    role: 'none',
    vends: 201,
    proof: () => ({ basic: ['token', lasting.get('value') ?? ''] }),
    isOfRegistries: true,
  },
  'caller with an expired access token': {
    account: undefined,
    role: 'none',
    vends: 401,
    proof: () => ({ bearer: world.other.token({ iat: 1, exp: 2, nbf: 1 }) }),
  },
  'caller with an unknown API key': {
    account: undefined,
    role: 'none',
    vends: 401,
    proof: () => ({ basic: ['iamapikey', 'x'.repeat(43)] }),
  },
  'holder of a credential': {
    account: undefined,
    role: 'none',
    vends: 401,
    proof: () => ({ basic: ['token', lasting.get('credential') ?? ''] }),
    isOfRegistries: true,
  },
  'anonymous caller': { account: undefined, role: 'none', vends: 401, proof: () => ({}) },
};

/** States of a token, and the statuses of the routes that take its id, for its administrator. */
const STATES = ['usable', 'disabled', 'not retrievable', 'rotated', 'expired', 'removed', 'never'] as const;
type State = (typeof STATES)[number];
/** The routes that take the id of a token, and whether they leave it as it was. */
const OF_TOKENS = {
  'GET /v1/tokens/{id}': { lasts: true, usable: 200, disabled: 200, 'not retrievable': 200, rotated: 200 },
  'PATCH /v1/tokens/{id}': { lasts: false, usable: 200, disabled: 200, 'not retrievable': 200, rotated: 200 },
  'DELETE /v1/tokens/{id}': {
    lasts: false,
    usable: 204,
    disabled: 204,
    'not retrievable': 204,
    rotated: 204,
  },
  'GET /v1/tokens/{id}/value': {
    lasts: true,
    usable: 200,
    disabled: 409,
    'not retrievable': 409,
    rotated: 200,
  },
  'POST /v1/tokens/{id}/rotate': {
    lasts: false,
    usable: 200,
    disabled: 200,
    'not retrievable': 200,
    rotated: 409,
  },
} as const;
/** The other routes, what they answer to an administrator in the own account, and what where the thing is another's. */
const OTHERS = {
  'POST /v1/tokens': [201],
  'PUT /v1/tokens/by-name/{name}': [200],
  'GET /v1/tokens': [200],
  'GET /v1/namespaces': [200],
  'PUT /v1/namespaces/{name}': [200, 409],
  'DELETE /v1/namespaces/{name}': [204, 404],
  'POST /v1/policies': [201],
  'GET /v1/policies': [200],
  'DELETE /v1/policies/{id}': [204, 404],
  'POST /v1/trusts': [201],
  'GET /v1/trusts': [200],
  'DELETE /v1/trusts/{id}': [204, 404],
  'GET /v1/issuers': [200],
  'GET /v1/usage': [200],
  'GET /v1/audit': [200],
  'POST /v1/explain': [200],
  'GET /v1/rules': [200],
  'PUT /v1/rules': [200],
  'GET /v1/identity': [200],
  'POST /v1/credentials': [201],
  'POST /v1/services/{service}/events': [401],
  'GET /v1/token': [401],
  'POST /v1/token/rotate': [401],
} as const;
type OtherLine = keyof typeof OTHERS;
/** What a replayed proof is never enough for. */
const NOT_WEAKLY: readonly string[] = [
  'GET /v1/tokens/{id}/value',
  'POST /v1/policies',
  'DELETE /v1/policies/{id}',
  'POST /v1/trusts',
  'DELETE /v1/trusts/{id}',
  'PUT /v1/rules',
];
const BODIES: Readonly<Record<string, object>> = {
  'POST /v1/explain': { subject: 'carol' },
  'PATCH /v1/tokens/{id}': { description: 'changed' },
  'POST /v1/policies': { subject: 'carol', role: 'reader' },
  'POST /v1/trusts': { issuer: 'github', claims: { repository_id: '1', repository_owner_id: '2' } },
};

beforeAll(async () => {
  world = await openWorld();
  const alice = world.asAdministratorOf('dev:acme');
  for (const [subject, role] of [
    ['dave', 'administrator'],
    ['mona', 'manager'],
    ['will', 'writer'],
    ['rita', 'reader'],
  ]) {
    await alice('POST /v1/policies', { json: { subject, role } });
  }
  for (const account of ACCOUNTS) {
    const send = world.asAdministratorOf(account);
    await send(`PUT /v1/namespaces/${namespaceOf(account)}`);
    await send('PUT /v1/tokens/by-name/of-each', { json: { nonExpiring: true } });
    lasting.set(
      `${account} expired`,
      (await send('POST /v1/tokens', { json: { expiresInSeconds: 60 } })).json.id,
    );
    const removed = (await send('POST /v1/tokens', { json: {} })).json.id;
    await send(`DELETE /v1/tokens/${removed}`);
    lasting.set(`${account} removed`, removed);
    lasting.set(`${account} never`, NEVER);
    for (const state of ['usable', 'disabled', 'not retrievable', 'rotated'] as const) {
      lasting.set(`${account} ${state}`, await tokenIn(state, account));
    }
  }
  const claims = { repository_id: '74', repository_owner_id: '65' };
  await alice('POST /v1/trusts', { json: { issuer: 'github', claims } });
  lasting.set('value', (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json.token);
  const parent = { bearer: lasting.get('value') ?? '', json: { expiresInSeconds: 43_200 } };
  lasting.set('credential', (await world.deployment.send('POST /v1/credentials', parent)).json.password);
  world.deployment.wait(60);
});
afterAll(() => world.close());

/** A new token of the account, in that state. */
async function tokenIn(state: State, account: AnAccount): Promise<string> {
  const send = world.asAdministratorOf(account);
  const json = { retrievable: state !== 'not retrievable' };
  const { id } = (await send('POST /v1/tokens', { json })).json;
  if (state === 'disabled') await send(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
  if (state === 'rotated') await send(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } });
  return id;
}

async function ask(caller: Caller, line: string, target = ''): Promise<Received> {
  cells++;
  const json = BODIES[line] ?? {};
  return world.deployment.send(line.replace(/\{\w+\}/, target), { ...(await caller.proof()), json });
}

/** The answer to every caller who is refused before the request is read. */
function refusedWith(caller: Caller, line: string): number | undefined {
  if (line === 'POST /v1/credentials') return caller.vends;
  // For registries, which are no callers of the others.
  if (line === 'POST /v1/services/{service}/events') return 401;
  // For holders alone; neither secret here may rotate.
  if (line === 'GET /v1/token') return caller.isOfRegistries ? 200 : 401;
  if (line === 'POST /v1/token/rotate') return caller.isOfRegistries ? 403 : 401;
  if (caller.isOfRegistries) return 403;
  if (caller.role === 'none') return 401;
  if (line === 'GET /v1/identity') return undefined;
  if (caller.role === 'less') return 403;
  return caller.isWeak && NOT_WEAKLY.includes(line) ? 403 : undefined;
}

describe.each(Object.entries(CALLERS))('%s', (_, caller) => {
  it.each(Object.keys(OF_TOKENS) as (keyof typeof OF_TOKENS)[])(
    'may %s as it is written here',
    async line => {
      const rules = OF_TOKENS[line];
      const deviations: unknown[] = [];
      for (const owner of ACCOUNTS) {
        for (const state of STATES) {
          const isGone = state === 'expired' || state === 'removed' || state === 'never';
          const foreign = owner !== caller.account;
          const expected = refusedWith(caller, line) ?? (foreign || isGone ? 404 : rules[state]);
          const mayChange = !rules.lasts && expected < 300;
          const id = mayChange ? await tokenIn(state, owner) : (lasting.get(`${owner} ${state}`) ?? '');
          const { status } = await ask(caller, line, id);
          if (status !== expected) deviations.push({ owner, state, expected, status });
        }
      }
      expect(deviations).toEqual([]);
    },
  );

  it.each(Object.keys(OTHERS) as OtherLine[])('may %s as it is written here', async line => {
    const [own, foreign] = OTHERS[line] as readonly [number, number?];
    const deviations: unknown[] = [];
    for (const owner of foreign === undefined ? [caller.account ?? 'dev:acme'] : ACCOUNTS) {
      const expected = refusedWith(caller, line) ?? (owner === caller.account ? own : foreign);
      const { status } = await ask(caller, line, await thingOf(line, owner, expected === 204));
      if (status !== expected) deviations.push({ owner, expected, status });
    }
    expect(deviations).toEqual([]);
  });
});

/** A namespace, a policy or a trust of the account; a new one where it will be gone afterwards. */
async function thingOf(line: OtherLine, owner: AnAccount, isGoneAfterwards: boolean): Promise<string> {
  const send = world.asAdministratorOf(owner);
  const namespace = namespaceOf(owner);
  if (line === 'PUT /v1/namespaces/{name}') return namespace;
  if (line === 'PUT /v1/tokens/by-name/{name}') return 'of-each';
  if (line === 'DELETE /v1/namespaces/{name}') {
    if (!isGoneAfterwards) return namespace;
    await send(`PUT /v1/namespaces/${namespace}-2`);
    return `${namespace}-2`;
  }
  const path = /^DELETE (\/v1\/\w+)/.exec(line)?.[1];
  // Rules cannot be added with a weak assertion, so that account has none.
  if (path === undefined || owner === 'weak:acme') return NEVER;
  return (await send(`POST ${path}`, { json: BODIES[`POST ${path}`] })).json.id;
}

describe('the matrix', () => {
  it('holds every management route', () => {
    const lines = ALL_ROUTES.filter(
      ({ authentication }) => !['login', 'public'].includes(authentication),
    ).map(({ method, path }) => `${method} ${path}`);
    expect([...Object.keys(OF_TOKENS), ...Object.keys(OTHERS)].sort()).toEqual(lines.sort());
  });

  it('has no route that leaves a caller without credentials in the dark', async () => {
    const routes = ALL_ROUTES.filter(({ authentication }) => !['login', 'public'].includes(authentication));
    for (const { method, path } of routes) {
      const line = `${method} ${path.replace(/\{\w+\}/, NEVER)}`;
      const { status, json, headers } = await world.deployment.send(line, {});
      expect([line, status, json.code]).toEqual([line, 401, 'unauthenticated']);
      expect([line, headers['www-authenticate']]).toEqual([line, 'Basic realm="pullpass", charset="UTF-8"']);
      if (path.endsWith('/events')) continue;
      expect([line, json.detail]).toEqual([line, expect.stringMatching(/^No credentials came/)]);
    }
  });

  it('has many cells', () => {
    expect(cells).toBeGreaterThan(3000);
  });
});

describe('a registry token', () => {
  const PATHS = ['GET /oauth/token', 'GET /auth/token'] as const;
  /** At the login endpoint: the status, and whether it grants; and what its holder gets by looking and by rotating. */
  const OUTCOMES = {
    usable: [200, 1, 200, 200],
    'not retrievable': [200, 1, 200, 200],
    'in its grace': [200, 1, 200, 'forbidden'],
    'after its grace': [401, 0, 'token-rotated', 'token-rotated'],
    disabled: [401, 0, 'token-disabled', 'token-disabled'],
    'enabled again': [200, 1, 200, 200],
    expired: [401, 0, 'token-expired', 'token-expired'],
    removed: [401, 0, 'unauthenticated', 'unauthenticated'],
    'of no namespace': [200, 0, 200, 200],
  } as const;
  const acts: Record<keyof typeof OUTCOMES, (account: AnAccount) => Promise<string>> = {
    usable: async account => (await add(account)).token,
    'not retrievable': async account => (await add(account, { retrievable: false })).token,
    'in its grace': account => rotatedWith(account, 600),
    'after its grace': account => rotatedWith(account, 0),
    disabled: async account => {
      const { id, token } = await add(account);
      await world.asAdministratorOf(account)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
      return token;
    },
    'enabled again': async account => {
      const { id, token } = await add(account);
      for (const disabled of [true, false]) {
        await world.asAdministratorOf(account)(`PATCH /v1/tokens/${id}`, { json: { disabled } });
      }
      return token;
    },
    expired: async account => {
      const { token } = await add(account, { expiresInSeconds: 60 });
      world.deployment.wait(60);
      return token;
    },
    removed: async account => {
      const { id, token } = await add(account);
      await world.asAdministratorOf(account)(`DELETE /v1/tokens/${id}`);
      return token;
    },
    'of no namespace': async account => (await add(account, { repositories: ['unowned/*'] })).token,
  };

  async function add(account: AnAccount, json: object = {}): Promise<{ id: string; token: string }> {
    return (
      await world.asAdministratorOf(account)('POST /v1/tokens', { json: { selfRotate: true, ...json } })
    ).json;
  }

  async function rotatedWith(account: AnAccount, graceSeconds: number): Promise<string> {
    const { id, token } = await add(account);
    await world.asAdministratorOf(account)(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds } });
    return token;
  }

  it.each(Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[])(
    'that is %s reaches its own account alone, and is seen and rotated by its holder as it is written here',
    async state => {
      const [status, own, seen, rotated] = OUTCOMES[state];
      for (const account of ACCOUNTS) {
        const token = await acts[state](account);
        const scopes = ACCOUNTS.map(owner => `scope=repository:${namespaceOf(owner)}/app:pull`).join('&');
        for (const path of PATHS) {
          const answer = await world.deployment.send(`${path}?${scopes}`, { basic: ['token', token] });
          const names = answer.status === 200 ? accessOf(answer) : [];
          expect([answer.status, names]).toEqual([status, own === 1 ? [`${namespaceOf(account)}/app`] : []]);
        }
        const looked = await world.deployment.send('GET /v1/token', { bearer: token });
        const turned = await world.deployment.send('POST /v1/token/rotate', { bearer: token, json: {} });
        const outcomes = [looked, turned].map(({ status, json }) => (status === 200 ? 200 : json.code));
        expect([account, ...outcomes]).toEqual([account, seen, rotated]);
      }
    },
  );
});

function accessOf({ json }: Received): string[] {
  const { access } = JSON.parse(Buffer.from(json.token.split('.')[1], 'base64url').toString());
  return access.map(({ name }: { name: string }) => name);
}
