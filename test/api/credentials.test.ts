/** `POST /v1/credentials`: who gets one, for what, for how long, and who gets none. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { toRfc3339 } from '../../lib/domain/time.ts';
import { namespaceOf, openWorld, type World, workloadToken } from '../support/callers.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { jtiOf, payloadOf } from '../support/credentials.ts';
import type { Received, Sent } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';

const ACME = namespaceOf('dev:acme');
const HALF_A_DAY = 43_200;

let world: World;
let alice: (line: string, sent?: Sent) => Promise<Received>;
let everything: { id: string; token: string };
let scoped: { id: string; token: string };
let trust: string;

beforeAll(async () => {
  world = await openWorld();
  alice = world.asAdministratorOf('dev:acme');
  for (const account of ['dev:acme', 'weak:acme', 'other:acme', 'dev:rival'] as const) {
    await world.asAdministratorOf(account)(`PUT /v1/namespaces/${namespaceOf(account)}`);
  }
  everything = await add({ access: 'push', nonExpiring: true });
  scoped = await add({ repositories: [`${ACME}/app`, `${ACME}/web/*`], nonExpiring: true });
  const repositories = [`${ACME}/web/*`];
  await alice('POST /v1/policies', { json: { subject: 'rita', role: 'reader', repositories } });
  const claims = { repository_id: '74', repository_owner_id: '65' };
  trust = (await alice('POST /v1/trusts', { json: { issuer: 'github', claims, lifetimeSeconds: 600 } })).json
    .id;
});
afterAll(() => world.close());

async function add(json: object): Promise<{ id: string; token: string }> {
  return (await alice('POST /v1/tokens', { json })).json;
}
const vend = (sent: Sent, json: object = {}) =>
  world.deployment.send('POST /v1/credentials', { json, ...sent });
const now = () => Math.floor(Date.now() / 1000);
const secondsUntil = (time: string) => Date.parse(time) / 1000 - now();
const logIn = (password: string, ...scopes: string[]) =>
  world.deployment.logIn(password, scopes.map(scope => `repository:${scope}`).join('+'));
const apiKeyOf = async (who: string): Promise<Sent> => ({
  basic: ['iamapikey', await world.deployment.apiKeyOf(who)],
});

describe('a credential is vended to', () => {
  type Row = [sent: () => Promise<Sent> | Sent, parent: unknown, seconds: number];
  const ALICE = ['identity', 'dev:alice'];
  const CALLERS: Record<string, Row> = {
    'a registry token by Bearer': [
      () => ({ bearer: everything.token }),
      expect.arrayContaining(['token', 1]),
      HALF_A_DAY,
    ],
    'a registry token by Basic': [
      () => ({ basic: ['token', everything.token] }),
      expect.arrayContaining(['token', 1]),
      HALF_A_DAY,
    ],
    'an API key': [() => apiKeyOf('acme:alice'), ALICE, HALF_A_DAY],
    'an access token by Bearer': [
      async () => ({ bearer: await world.deployment.bearerOf('acme:alice') }),
      ALICE,
      3600,
    ],
    'an access token by Basic': [
      async () => ({ basic: ['iambearer', await world.deployment.bearerOf('acme:alice')] }),
      ALICE,
      3600,
    ],
    'an access token that others could replay': [
      () => ({ bearer: world.weak.token({ aud: undefined }) }),
      ['identity', 'weak:alice'],
      600,
    ],
    'an access token that lives a day': [
      () => ({ bearer: world.other.token({ exp: now() + 80_000 }) }),
      ['identity', 'other:alice'],
      3600,
    ],
    'a refresh token': [
      async () => ({ basic: ['iamrefresh', await world.deployment.refreshTokenOf('acme:alice')] }),
      ALICE,
      HALF_A_DAY,
    ],
    'a role in AWS': [
      async () => ({ basic: ['awsiam', await world.freshProof()] }),
      ['identity', expect.stringMatching(/^aws:arn:aws:iam::\d+:role\/builder$/)],
      HALF_A_DAY,
    ],
    'a workload': [
      () => ({ basic: ['oidc', workloadToken(world, 'dev:acme')] }),
      ['trust', expect.stringMatching(/^github:repo:/), [expect.any(String)]],
      600,
    ],
  };

  it.each(Object.entries(CALLERS))('%s, for as long as that allows', async (_, [sentOf, parent, seconds]) => {
    const { status, headers, json } = await vend(await sentOf(), { expiresInSeconds: HALF_A_DAY });
    expect([status, headers['cache-control']]).toEqual([201, 'no-store']);
    expect(json).toEqual({
      username: 'token',
      password: expect.stringMatching(/^plc_k1\.[\w-]+$/),
      registry: SERVICE.registry,
      access: 'pull',
      repositories: null,
      expiresAt: toRfc3339(now() + seconds),
      refreshAfter: expect.any(String),
    });
    expect(payloadOf(json.password)).toEqual([
      expect.stringMatching(/^[\w-]{22}$/),
      expect.stringMatching(/^[0-9A-Za-z]{16}$/),
      parent,
      SERVICE.name,
      'pull',
      null,
      [],
      now() + seconds,
    ]);
    const subject = (parent as string[])[1];
    const login = await logIn(json.password, `${ACME}/app:pull,push`);
    expect([login.status, login.json.expires_in]).toEqual([200, 300]);
    if (typeof subject === 'string') expect(claimsOf(login).sub).toBe(subject);
  });

  it('a token whose account it names by the handle alone', async () => {
    const { password } = (await vend({ bearer: everything.token })).json;
    const payload = payloadOf(password);
    expect(payload.slice(1, 3)).toEqual([accountHandle('dev:acme'), ['token', everything.id, 1]]);
    expect(JSON.stringify(payload)).not.toContain('acme');
  });

  it('each caller under a name of its own', async () => {
    const answers = await Promise.all(Array.from({ length: 40 }, () => vend({ bearer: everything.token })));
    expect(new Set(answers.map(({ json }) => jtiOf(json.password))).size).toBe(40);
  });
});

describe('nothing is vended to', () => {
  const STRANGERS: Record<string, () => Promise<Sent> | Sent> = {
    'an anonymous caller': () => ({}),
    'an empty name': () => ({ basic: ['', ''] }),
    'a credential by Bearer': async () => ({ bearer: await aCredential() }),
    'a credential by Basic': async () => ({ basic: ['token', await aCredential()] }),
    'a credential as an access token': async () => ({ basic: ['iambearer', await aCredential()] }),
    'a credential of an identity': async () => ({
      basic: ['token', (await vend(await apiKeyOf('acme:alice'))).json.password],
    }),
    'a credential whose MAC is another': async () => ({
      basic: ['token', (await aCredential()).replace(/.$/, last => (last === 'A' ? 'B' : 'A'))],
    }),
    'an access token of ours': async () => ({ bearer: (await logIn(everything.token)).json.token }),
    'an access token of ours as a registry token': async () => ({
      basic: ['token', (await logIn(everything.token)).json.token],
    }),
    'a registry token as an access token': () => ({ basic: ['iambearer', everything.token] }),
    'a registry token as an API key': () => ({ basic: ['iamapikey', everything.token] }),
    'a registry token with another ending': () => ({ bearer: `${everything.token.slice(0, -1)}_` }),
    'a registry token that there is not': () => ({ bearer: `plp_${'0'.repeat(87)}` }),
    'a removed token': async () => {
      const { id, token } = await add({});
      await alice(`DELETE /v1/tokens/${id}`);
      return { bearer: token };
    },
    'a disabled token': async () => {
      const { id, token } = await add({});
      await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
      return { bearer: token };
    },
    'a token after its rotation': async () => {
      const { id, token } = await add({});
      await alice(`POST /v1/tokens/${id}/rotate`, { json: {} });
      return { bearer: token };
    },
    'a workload without trust': () => ({ basic: ['oidc', workloadToken(world, 'dev:rival')] }),
    'a workload by Bearer': () => ({ bearer: workloadToken(world, 'dev:acme') }),
    'an API key that there is not': () => ({ basic: ['iamapikey', 'x'.repeat(43)] }),
    'an access token that has just ended': () => ({ bearer: world.other.token({ exp: now() - 10 }) }),
    'another user name': () => ({ basic: ['admin', everything.token] }),
    'an AWS proof that was used': async () => {
      const proof = await world.freshProof();
      expect((await vend({ basic: ['awsiam', proof] })).status).toBe(201);
      return { basic: ['awsiam', proof] };
    },
    'an AWS proof that managed': async () => {
      const proof = await world.freshProof();
      await world.deployment.send('GET /v1/identity', { basic: ['awsiam', proof] });
      return { basic: ['awsiam', proof] };
    },
  };
  /** What only the way in which the request is written says, so that it may be said. */
  const SAID: Readonly<Record<string, RegExp>> = {
    'an anonymous caller': /^No credentials came with this request/,
    'an empty name': /^No credentials came with this request/,
    'another user name': /token, iamapikey, iambearer, iamrefresh, awsiam or oidc/,
    'a credential': /^A credential cannot vend another/,
    'an access token of ours as a registry token': /^The user name token does not take a signed token/,
    'a registry token as an': /^The user name iam[a-z]+ does not take a registry token/,
  };
  const refusals = new Set<string>();

  async function aCredential(): Promise<string> {
    return (await vend({ bearer: everything.token })).json.password;
  }

  it.each(Object.entries(STRANGERS))('%s', async (who, sentOf) => {
    const answer = await vend(await sentOf());
    expect([answer.status, answer.json.code]).toEqual([401, 'unauthenticated']);
    expect(answer.headers['www-authenticate']).toMatch(/^Basic /);
    const said = Object.entries(SAID).find(([stranger]) => who.startsWith(stranger))?.[1];
    if (said === undefined) refusals.add(answer.text.replace(answer.json.requestId, ''));
    else expect(answer.json.detail).toMatch(said);
  });

  it('two callers with a wrong secret with different answers', () => expect(refusals.size).toBe(1));
});

describe('a credential is for', () => {
  it('what its parent reaches, as it reaches it now', async () => {
    const rows: [Sent, readonly string[] | null][] = [
      [{ bearer: everything.token }, null],
      [{ bearer: scoped.token }, [`${ACME}/app`, `${ACME}/web/*`]],
      [await apiKeyOf('acme:rita'), [`${ACME}/web/*`]],
    ];
    for (const [sent, repositories] of rows) {
      for (const wish of [{}, { repositories: null }]) {
        expect((await vend(sent, wish)).json).toMatchObject({ access: 'pull', repositories });
      }
    }
  });

  it('less than that, if it is asked for less', async () => {
    const repositories = [`${ACME}/web/ui`];
    const { json } = await vend({ bearer: scoped.token }, { repositories });
    expect(json).toMatchObject({ access: 'pull', repositories });
    const login = await logIn(json.password, `${ACME}/web/ui:pull,push`, `${ACME}/app:pull`);
    expect(grantOf(login)).toEqual([`repository:${ACME}/web/ui:pull`]);
  });

  it('push where its parent may push', async () => {
    const { json } = await vend({ bearer: everything.token }, { access: 'push' });
    expect(json.access).toBe('push');
    const login = await logIn(json.password, `${ACME}/app:*`);
    expect(grantOf(login)).toEqual([`repository:${ACME}/app:pull,push`]);
  });

  it('pull, where its parent may only pull, beside push where it may push', async () => {
    const rules = [
      { subject: 'walter', role: 'writer', repositories: [`${ACME}/web/*`] },
      { subject: 'walter', role: 'reader', repositories: [`${ACME}/base/*`, `${ACME}/web/ui`] },
    ];
    for (const json of rules) await alice('POST /v1/policies', { json });
    const scopes = [`${ACME}/web/ui:*`, `${ACME}/base/os:*`, `${ACME}/app:*`];
    const walter = await apiKeyOf('acme:walter');
    const answer = await vend(walter, { access: 'push' });
    const { json } = answer;
    expect(json).toMatchObject({ access: 'push', repositories: [`${ACME}/web/*`] });
    expect(eventsOf(world.deployment, answer)).toMatchObject([{ alsoPull: `${ACME}/base/*` }]);
    expect(grantOf(await logIn(json.password, ...scopes))).toEqual([
      `repository:${ACME}/web/ui:pull,push`,
      `repository:${ACME}/base/os:pull`,
    ]);
    const asked = await vend(walter, { access: 'push', repositories: [`${ACME}/web/*`] });
    expect(grantOf(await logIn(asked.json.password, ...scopes))).toEqual([
      `repository:${ACME}/web/ui:pull,push`,
    ]);
    await alice('POST /v1/policies', {
      json: { subject: 'walter', role: 'writer', repositories: [`${ACME}/base/*`] },
    });
    expect(grantOf(await logIn(json.password, ...scopes))).toEqual([
      `repository:${ACME}/web/ui:pull,push`,
      `repository:${ACME}/base/os:pull`,
    ]);
  });

  it('never for deletion, with any parent', async () => {
    const { json } = await vend(await apiKeyOf('acme:alice'), { access: 'push' });
    expect(grantOf(await logIn(json.password, `${ACME}/app:*`))).toEqual([
      `repository:${ACME}/app:pull,push`,
    ]);
  });

  it.each<[string, () => Promise<Sent> | Sent, object]>([
    ['push, from a token that pulls', () => ({ bearer: scoped.token }), { access: 'push' }],
    [
      'everything, from a token that reaches some',
      () => ({ bearer: scoped.token }),
      { repositories: [`${ACME}/*`] },
    ],
    ['a look-alike', () => ({ bearer: scoped.token }), { repositories: [`${ACME}/app2`] }],
    ['what is below a repository', () => ({ bearer: scoped.token }), { repositories: [`${ACME}/app/*`] }],
    [
      'one that it reaches and one that it does not',
      () => ({ bearer: scoped.token }),
      { repositories: [`${ACME}/app`, `${ACME}/ap`] },
    ],
    [
      'push, from a reader',
      () => apiKeyOf('acme:rita'),
      { access: 'push', repositories: [`${ACME}/web/ui`] },
    ],
    ['another repository, from a reader', () => apiKeyOf('acme:rita'), { repositories: [`${ACME}/app`] }],
    ['anything, from an identity without a role', () => apiKeyOf('acme:mallory'), {}],
    [
      'push, from a workload that pulls',
      () => ({ basic: ['oidc', workloadToken(world, 'dev:acme')] }),
      { access: 'push' },
    ],
  ])('not more than its parent: %s', async (_, sentOf, wish) => {
    const { status, json } = await vend(await sentOf(), wish);
    expect([status, json.code]).toEqual([403, 'wider-than-parent']);
    expect(json.detail).toMatch(/^The parent may (?:pull|neither)/);
  });

  it('nothing in the namespaces of other accounts, although its patterns name them', async () => {
    const rival = namespaceOf('dev:rival');
    const { json, status } = await vend({ bearer: everything.token }, { repositories: [`${rival}/*`] });
    expect(status).toBe(201);
    expect(grantOf(await logIn(json.password, `${rival}/app:pull`, `${ACME}/app:pull`))).toEqual([]);
  });

  it('32 repositories, however long their names are', async () => {
    const repositories = Array.from({ length: 32 }, (_, i) => `${ACME}/${'long-'.repeat(40)}${i}`);
    const { id, token } = await add({ access: 'push', repositories });
    const scopes = [0, 31].map(i => `${repositories[i]}:pull,push`);
    const others = [`${ACME}/other:pull`, `${repositories[0]}0:pull`];
    for (const wish of [{}, { repositories }]) {
      const { status, json } = await vend({ bearer: token }, { ...wish, access: 'push' });
      expect([status, json.repositories]).toEqual([201, repositories]);
      expect(json.password.length).toBeLessThanOrEqual(1024);
      const login = await logIn(json.password, ...scopes, ...others);
      expect(grantOf(login)).toEqual(scopes.map(scope => `repository:${scope}`));
      const refused = await logIn(json.password, `${ACME}/other:pull`);
      const missing = `${ACME}/other:repository-not-allowed`;
      expect(eventsOf(world.deployment, refused)).toMatchObject([{ message: 'login', missing }]);
      await alice(`PATCH /v1/tokens/${id}`, { json: { repositories: [`${ACME}/*`] } });
      const widened = await logIn(json.password, ...scopes, ...others);
      expect(grantOf(widened)).toEqual(scopes.map(scope => `repository:${scope}`));
    }
  });

  it('no more policies than fit into it, and then says what to do', async () => {
    const policies = Array.from({ length: 50 }, (_, i) => ({
      subject: 'paula',
      role: 'reader',
      repositories: [`${ACME}/${'long-'.repeat(10)}${i}`],
    }));
    for (const json of policies) await alice('POST /v1/policies', { json });
    const paula = await apiKeyOf('acme:paula');
    const { status, json } = await vend(paula);
    const advice = 'Name the repositories that it is for, or let fewer policies or trusts match the caller.';
    expect([status, json.code, json.detail, json.errors]).toEqual([
      400,
      'invalid-request',
      `This does not fit into one credential. ${advice}`,
      [{ path: 'repositories', message: `names more than fits into one credential. ${advice}` }],
    ]);
    expect((await vend(paula, { repositories: policies[7]?.repositories })).status).toBe(201);
  });
});

describe('the body', () => {
  it.each<[string, unknown, string]>([
    ['an unknown member', { acess: 'push' }, 'acess'],
    ['another access', { access: 'delete' }, 'access'],
    ['both kinds of access', { access: ['pull', 'push'] }, 'access'],
    ['no access', { access: null }, 'access'],
    ['no repositories', { repositories: [] }, 'repositories'],
    ['a namespace', { repositories: [ACME] }, 'repositories[0]'],
    ['every repository by a star', { repositories: ['*'] }, 'repositories[0]'],
    ['one repository twice', { repositories: [`${ACME}/a`, `${ACME}/a`] }, 'repositories'],
    ['33 repositories', { repositories: Array.from({ length: 33 }, (_, i) => `te/${i}`) }, 'repositories'],
    ['a short life', { expiresInSeconds: 59 }, 'expiresInSeconds'],
    ['a long life', { expiresInSeconds: 43_201 }, 'expiresInSeconds'],
    ['half a second', { expiresInSeconds: 60.5 }, 'expiresInSeconds'],
    ['a life in words', { expiresInSeconds: '60' }, 'expiresInSeconds'],
    ['no end', { expiresInSeconds: null }, 'expiresInSeconds'],
    ['an unknown format', { format: 'yaml' }, 'format'],
    ['a member of every object as a format', { format: 'constructor' }, 'format'],
    ['a service that is none', { service: 5000 }, 'service'],
    ['a parent', { parent: { kind: 'identity', subject: 'dev:alice' } }, 'parent'],
  ])('may not have %s', async (_, body, path) => {
    const { status, json } = await vend({ bearer: everything.token }, body as object);
    expect([status, json.code, json.errors?.[0]?.path]).toEqual([400, 'invalid-request', path]);
  });

  it.each(['{"access":"pull","access":"push"}', '{"__proto__":{"access":"push"}}', '[]', '"pull"', '{'])(
    'is strict JSON: %s',
    async body => {
      const headers = { 'content-type': 'application/json', authorization: `Bearer ${everything.token}` };
      const { status } = await world.deployment.send('POST /v1/credentials', { body, headers });
      expect(status).toBe(400);
    },
  );

  it('may be of another media type not even for an OAuth client', async () => {
    const sent = { bearer: everything.token, form: { access: 'pull' } };
    expect((await world.deployment.send('POST /v1/credentials', sent)).status).toBe(415);
  });

  it.each([
    SERVICE.name,
    'LOCALHOST:5000',
    'http://localhost:5000',
    'https://localhost:5000/',
    'https://localhost:5000/v2/',
  ])('may name the service by its registry as %s', async service => {
    const { status, json } = await vend({ bearer: everything.token }, { service });
    expect([status, json.registry]).toEqual([201, SERVICE.registry]);
  });

  it.each(['other', 'localhost', 'localhost:50000', 'localhost:5000/team-a', 'ftp://localhost:5000'])(
    'may name no other service: %s',
    async service => {
      const { status, json } = await vend({ bearer: everything.token }, { service });
      expect([status, json.code]).toEqual([400, 'unknown-service']);
      expect(json.detail).toBe(`There is no service '${service}'. This deployment serves: ${SERVICE.name}.`);
    },
  );

  it('may ask for any life between a minute and half a day; an hour is the rule', async () => {
    for (const [wish, seconds] of [
      [{}, 3600],
      [{ expiresInSeconds: 60 }, 60],
      [{ expiresInSeconds: 43_200 }, 43_200],
    ] as const) {
      const { json } = await vend({ bearer: everything.token }, wish);
      expect(secondsUntil(json.expiresAt)).toBe(seconds);
    }
  });
});

describe('a credential ends with its parent:', () => {
  const life = async (sent: Sent) =>
    secondsUntil((await vend(sent, { expiresInSeconds: HALF_A_DAY })).json.expiresAt);

  it('a token that expires', async () => {
    const { token } = await add({ expiresInSeconds: 1000 });
    expect(await life({ bearer: token })).toBe(1000);
  });

  it('a value in its grace, and the new one with the token', async () => {
    const { id, token } = await add({ expiresInSeconds: 5000 });
    const rotation = { json: { graceSeconds: 90 } };
    const { json } = await alice(`POST /v1/tokens/${id}/rotate`, rotation);
    expect([await life({ bearer: token }), await life({ bearer: json.token })]).toEqual([90, 5000]);
    await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 70 } });
    expect([await life({ bearer: token }), await life({ bearer: json.token })]).toEqual([70, 70]);
  });

  it('an access token, also in its last second', async () => {
    for (const seconds of [1, 59, 600]) {
      expect(await life({ bearer: world.other.token({ exp: now() + seconds }) })).toBe(seconds);
    }
  });

  it('the shortest of the trusts that cover a workload', async () => {
    const claims = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' };
    const json = { issuer: 'github', claims, lifetimeSeconds: 120 };
    const { id } = (await alice('POST /v1/trusts', { json })).json;
    const sent: Sent = { basic: ['oidc', workloadToken(world, 'dev:acme')] };
    const { password } = (await vend(sent)).json;
    const ids = expect.toSatisfy((of: string[]) => of.length === 2 && of.includes(trust) && of.includes(id));
    expect(payloadOf(password)[2]).toEqual(['trust', expect.any(String), ids]);
    expect(await life(sent)).toBe(120);
    await alice(`DELETE /v1/trusts/${id}`);
    expect(await life(sent)).toBe(600);
  });
});

it('credentials that were vended together are not renewed together', { timeout: 60_000 }, async () => {
  const wish = { expiresInSeconds: 10_000 };
  const parts: number[] = [];
  for (let i = 0; i < 500; i++) {
    const { json } = await vend({ bearer: everything.token }, wish);
    parts.push(secondsUntil(json.refreshAfter) / 10_000);
  }
  const sorted = parts.sort((a, b) => a - b);
  expect(sorted[0]).toBeGreaterThanOrEqual(0.5);
  expect(sorted.at(-1)).toBeLessThanOrEqual(0.8);
  expect(new Set(parts).size).toBeGreaterThan(300);
  // A quarter of them in each quarter of the time, give or take.
  for (const quarter of [0, 1, 2, 3]) {
    const from = 0.5 + quarter * 0.075;
    const within = sorted.filter(part => part >= from && part < from + 0.075).length;
    expect(within).toBeGreaterThan(70);
  }
});

describe('the log tells', () => {
  it('who got which credential for what, and not the credential', async () => {
    const wish = { repositories: [`${ACME}/app`, `${ACME}/web/ui`], expiresInSeconds: 60 };
    const answer = await vend({ bearer: scoped.token }, wish);
    const { password } = answer.json;
    expect(eventsOf(world.deployment, answer)).toMatchObject([
      {
        message: 'vended',
        requestId: answer.headers['x-request-id'],
        sourceAddress: '192.0.2.1',
        userName: 'token',
        account: 'dev:acme',
        subject: `token:${scoped.id}`,
        registryService: SERVICE.name,
        credential: jtiOf(password),
        access: 'pull',
        repositories: `${ACME}/app ${ACME}/web/ui`,
        expiresAt: answer.json.expiresAt,
      },
    ]);
    expect(world.deployment.logs.join('')).not.toContain(password.slice(0, 60));
  });

  it('which credential logged in, so that its holder can be found', async () => {
    const { password } = (await vend({ bearer: scoped.token })).json;
    const login = await logIn(password, `${ACME}/app:pull,push`);
    expect(eventsOf(world.deployment, login)).toMatchObject([
      {
        message: 'login',
        userName: 'token',
        account: 'dev:acme',
        subject: `token:${scoped.id}`,
        credential: jtiOf(password),
        granted: `repository:${ACME}/app:pull`,
        missing: `${ACME}/app:action-not-allowed`,
      },
    ]);
    const [event = {}] = eventsOf(world.deployment, await logIn(scoped.token));
    expect(event.credential).toBeUndefined();
  });

  it.each<[string, () => Promise<Sent>, RegExp]>([
    [
      'a credential cannot vend',
      async () => ({ basic: ['token', (await vend({ bearer: scoped.token })).json.password] }),
      /^nothing is vended from a credential$/,
    ],
    ['no credentials', async () => ({}), /^no credentials$/],
    [
      'an assertion was used before',
      async () => {
        const proof = await world.freshProof();
        await vend({ basic: ['awsiam', proof] });
        return { basic: ['awsiam', proof] };
      },
      /^the assertion was used before$/,
    ],
  ])('why: %s', async (_, sentOf, reason) => {
    const events = eventsOf(world.deployment, await vend(await sentOf()));
    expect(events).toMatchObject([{ message: 'refused', reason: expect.stringMatching(reason) }]);
  });
});
