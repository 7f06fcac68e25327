/** The login endpoint: the rules of the registry token protocol, over the exported functions. */

import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { createLocalJWKSet, decodeProtectedHeader, jwtVerify } from 'jose';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { claimsOf, grantOf } from '../support/claims.ts';
import { ALICE, BOB, MALLORY, PUBLIC_URL } from '../support/deployment.ts';
import { basicHeader, type Received, type Sent } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';
import { deployment, useDeployment } from '../support/setup.ts';

let pullToken: string;
let pushToken: string;

useDeployment();
beforeAll(async () => {
  const alice = deployment.as(ALICE);
  for (const name of ['team-a', 'team-b']) await alice(`PUT /v1/namespaces/${name}`);
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
  pullToken = await newToken({ nonExpiring: true });
  pushToken = await newToken({ access: 'push', nonExpiring: true });
});
afterEach(() => {
  deployment.wire.cut = () => false;
  deployment.iamAnswers = true;
});

async function newToken(json: Record<string, unknown>): Promise<string> {
  return (await deployment.as(ALICE)('POST /v1/tokens', { json })).json.token;
}

const PATHS = ['/oauth/token', '/auth/token'] as const;
const QUERY = `service=${SERVICE.name}`;
const SCOPE = 'repository:team-a/app:pull,push,delete';
const FORM = { grant_type: 'password', service: SERVICE.name };

type Ask = (
  secret: readonly [string, string] | undefined,
  parameters: readonly [string, string][],
) => Promise<Received>;

/** The same login over every transport that there is. */
const TRANSPORTS: [string, Ask][] = PATHS.flatMap((path): [string, Ask][] => [
  [
    `GET ${path}`,
    (secret, parameters) =>
      deployment.send(
        `GET ${path}?${new URLSearchParams([...parameters])}`,
        secret === undefined ? {} : { basic: secret },
      ),
  ],
  [
    `POST ${path}`,
    (secret = ['', ''], parameters) => {
      const [username, password] = secret;
      const form: [string, string][] = [
        ['grant_type', 'password'],
        ['username', username],
        ['password', password],
      ];
      return deployment.send(`POST ${path}`, { form: [...form, ...parameters] });
    },
  ],
]);

const get = (query: string, sent: Sent = { basic: ['token', pushToken] }) =>
  deployment.send(`GET /oauth/token?${query}`, sent);

describe.each(TRANSPORTS)('%s', (line, ask) => {
  const logIn = (
    scopes: readonly string[],
    secret: readonly [string, string] | null = ['token', pushToken],
  ) =>
    ask(secret ?? undefined, [
      ['service', SERVICE.name],
      ...scopes.map((scope): [string, string] => ['scope', scope]),
    ]);

  it('answers 200, JSON, not to be stored, one token under both names, and a whole number of seconds', async () => {
    const { status, headers, json } = await logIn([SCOPE]);
    expect([status, headers['content-type'], headers['cache-control']]).toEqual([
      200,
      'application/json',
      'no-store',
    ]);
    expect(json.token).toBe(json.access_token);
    expect(json.expires_in).toBe(300);
    const oauth = { token_type: 'Bearer', scope: 'repository:team-a/app:pull,push' };
    expect(json).toEqual({
      token: expect.any(String),
      access_token: expect.any(String),
      expires_in: 300,
      ...(line.startsWith('POST') ? oauth : {}),
    });
  });

  it('ignores what it does not know, and never gives a refresh token', async () => {
    const { status, json } = await ask(
      ['token', pushToken],
      [
        ['service', SERVICE.name],
        ['offline_token', 'true'],
        ['access_type', 'offline'],
        ['client_id', 'docker'],
        ['account', 'x'],
        ['x', 'y'],
        ['x', 'z'],
      ],
    );
    expect([status, 'refresh_token' in json]).toEqual([200, false]);
    expect(claimsOf({ json } as Received).sub).toMatch(/^token:/);
  });

  it('grants nothing to an anonymous caller', async () => {
    const answer = await logIn([SCOPE, 'registry:catalog:*'], null);
    expect([answer.status, claimsOf(answer).sub, grantOf(answer)]).toEqual([200, '', []]);
  });

  it('grants a hundred repositories at once, as one parameter and as a hundred', async () => {
    const name = (i: number) => `team-a/mirror/kubernetes-sigs/controller-${String(i).padStart(3, '0')}`;
    const scopes = Array.from({ length: 100 }, (_, i) => `repository:${name(i)}:pull,push`);
    for (const given of [scopes, [scopes.join(' ')]]) {
      const answer = await logIn(given);
      expect(answer.status).toBe(200);
      expect(grantOf(answer)).toEqual(scopes);
    }
  });

  it('grants the same to the same credential as every other transport', async () => {
    const scopes = [SCOPE, 'repository:team-b/x:pull', 'repository:rival/x:pull', 'repository:team-a/z:*'];
    const credentials = [
      ['token', pullToken],
      ['token', pushToken],
      ['iamapikey', await deployment.apiKeyOf(ALICE)],
      ['iambearer', await deployment.bearerOf(ALICE)],
      ['iamapikey', await deployment.apiKeyOf(MALLORY)],
    ] as const;
    const grants = [];
    for (const credential of credentials) {
      const answer = await logIn(scopes, credential);
      grants.push([claimsOf(answer).sub.replace(/:[0-9a-f-]{36}$/, ''), ...grantOf(answer)]);
    }
    const all = [
      'repository:team-a/app:delete,pull,push',
      'repository:team-b/x:pull',
      'repository:team-a/z:delete,pull,push',
    ];
    expect(grants).toEqual([
      ['token', 'repository:team-a/app:pull', 'repository:team-b/x:pull', 'repository:team-a/z:pull'],
      [
        'token',
        'repository:team-a/app:pull,push',
        'repository:team-b/x:pull',
        'repository:team-a/z:pull,push',
      ],
      ['dev:alice', ...all],
      ['dev:alice', ...all],
      ['dev:mallory'],
    ]);
  });

  it.each<[string, string[], string[]]>([
    ['one scope', ['repository:team-a/x:pull'], ['team-a/x:pull']],
    ['a scope given twice', ['repository:team-a/x:pull', 'repository:team-a/x:pull'], ['team-a/x:pull']],
    [
      'actions of one repository in two scopes',
      ['repository:team-a/x:push', 'repository:team-a/x:pull'],
      ['team-a/x:pull,push'],
    ],
    [
      'two scopes in one parameter',
      ['repository:team-a/x:pull repository:team-b/y:pull,push'],
      ['team-a/x:pull', 'team-b/y:pull,push'],
    ],
    ['an empty scope', [''], []],
    ['no scope', [], []],
    ['only push', ['repository:team-a/x:push'], ['team-a/x:push']],
    [
      'the wildcard, answered with the actions that it means',
      ['repository:team-a/x:*'],
      ['team-a/x:pull,push'],
    ],
    ['delete, which no token has', ['repository:team-a/x:delete'], []],
    ['actions out of order', ['repository:team-a/x:push,pull'], ['team-a/x:pull,push']],
    ['no actions', ['repository:team-a/x:'], []],
    ['an unknown action', ['repository:team-a/x:admin,pull'], ['team-a/x:pull']],
    ['a class of repository', ['repository(plugin):team-a/x:pull'], ['team-a/x:pull']],
    ['the catalog', ['registry:catalog:*'], []],
    ['another type', ['user:team-a/x:pull'], []],
    ['no type', ['team-a/x:pull'], []],
    ['a name with a port', ['repository:localhost:5000/team-a/x:pull'], []],
    ['a namespace alone', ['repository:team-a:pull'], []],
    ['a namespace of another account', ['repository:rival/x:pull'], []],
    ['a namespace that only begins alike', ['repository:team-ab/x:pull'], []],
    ['a name in capitals', ['repository:Team-a/x:pull'], []],
    ['a name that climbs', ['repository:team-b/../team-a/x:pull'], []],
    ['a name with an escape', ['repository:team-a%2fx:pull'], []],
    ['junk', [':::', 'x', ':', '🦊', '%'], []],
  ])('grants %s as it is allowed', async (_, scopes, expected) => {
    const answer = await logIn(scopes);
    expect([answer.status, grantOf(answer)]).toEqual([200, expected.map(scope => `repository:${scope}`)]);
    if (line.startsWith('POST')) expect(answer.json.scope).toBe(grantOf(answer).join(' '));
  });

  it.each(['service', 'account', 'client_id', 'grant_type'])(
    'does not choose between two values of %s',
    async name => {
      const twice: [string, string][] = [
        [name, SERVICE.name],
        [name, SERVICE.name],
      ];
      const answer = await ask(
        ['token', pushToken],
        [...twice, ...(name === 'service' ? [] : [['service', SERVICE.name] as [string, string]])],
      );
      expect([answer.status, answer.json.error]).toEqual([400, 'invalid_request']);
    },
  );

  it.each([
    ['an unknown', 'other:5000'],
    ['an empty', ''],
    ['a longer', 'localhost:50000'],
    ['a differently spelled', 'LOCALHOST:5000'],
  ])('refuses %s service with 400', async (_, service) => {
    const { status, json } = await ask(['token', pushToken], [['service', service]]);
    const named = service === '' ? 'of that name' : `'${service}'`;
    expect([status, json.error, json.details]).toEqual([
      400,
      'invalid_request',
      `There is no service ${named}. This deployment serves: ${SERVICE.name}.`,
    ]);
  });

  it('takes the only service for granted', async () => {
    expect(claimsOf(await ask(['token', pushToken], [])).aud).toBe(SERVICE.name);
  });

  it.each<[string, string[]]>([
    ['101 scopes', Array.from({ length: 101 }, (_, i) => `repository:rival/r${i}:pull`)],
    ['101 scopes that are none', Array.from({ length: 101 }, (_, i) => `x:${i}:y`)],
    ['11 actions', [`repository:team-a/x:${Array.from({ length: 11 }, (_, i) => `a${i}`)}`]],
  ])('refuses %s with 400', async (_, scopes) => {
    const { status, json } = await logIn([scopes.join(' ')]);
    expect([status, json.errors[0].code]).toEqual([400, 'UNSUPPORTED']);
    expect(json.details).toMatch(/^(?:One login may ask for 100 resources|A scope may name 10 actions)\.$/);
  });

  it('refuses bad credentials as such, also with more scopes than anyone may ask for', async () => {
    const scopes = Array.from({ length: 300 }, (_, i) => `repository:team-a/r${i}:pull`);
    const { status, json } = await logIn([scopes.join(' ')], ['token', 'plp_x']);
    expect([status, json.error]).toEqual([401, 'invalid_grant']);
  });

  it('grants what is allowed of a hundred scopes', async () => {
    const [mine, others] = ['team-a', 'rival'].map(namespace =>
      Array.from({ length: 50 }, (_, i) => `repository:${namespace}/r${i}:pull`),
    );
    const answer = await logIn([[...(others ?? []), ...(mine ?? [])].join(' ')]);
    expect(grantOf(answer)).toEqual(mine);
  });

  it('refuses bad credentials with the body that every client reads', async () => {
    for (const secret of [
      ['token', 'plp_x'],
      ['iamapikey', 'x'.repeat(43)],
      ['iambearer', 'a.b.c'],
      ['admin', 'x'],
    ] as const) {
      const { status, headers, json } = await logIn(['registry:catalog:*'], secret);
      // The same sentence for every fault, and what finds the reason.
      const message = `The user name or the secret is not valid. Request id: ${headers['x-request-id']}`;
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toMatch(/^Basic realm="/);
      expect(json).toEqual({
        errors: [{ code: 'UNAUTHORIZED', message }],
        details: message,
        error: 'invalid_grant',
        error_description: message,
      });
    }
  });
});

describe('the query of a login', () => {
  it.each<[string, string, string[]]>([
    [
      'plus for a space between scopes',
      `${QUERY}&scope=repository:team-a/x:pull+repository:team-b/y:pull`,
      ['repository:team-a/x:pull', 'repository:team-b/y:pull'],
    ],
    [
      'everything escaped',
      'service=localhost%3A5000&scope=repository%3Ateam-a%2Fx%3Apull%2Cpush',
      ['repository:team-a/x:pull,push'],
    ],
    ['empty pairs', `&&${QUERY}&`, []],
  ])('is decoded: %s', async (_, query, expected) => {
    expect(grantOf(await get(query))).toEqual(expected);
  });

  it.each([`${QUERY}&scope=%zz`, `${QUERY}&scope=%ff`, `${QUERY}&%=1`, `${QUERY}&x=%e`])(
    'is refused: %s',
    async query => {
      expect((await get(query)).status).toBe(400);
    },
  );

  it('counts together with the form', async () => {
    const form = {
      grant_type: 'password',
      username: 'token',
      password: pushToken,
      scope: 'repository:team-b/y:pull',
    };
    const both = await deployment.send(`POST /oauth/token?${QUERY}&scope=repository:team-a/x:pull`, { form });
    expect(grantOf(both)).toEqual(['repository:team-a/x:pull', 'repository:team-b/y:pull']);
    for (const name of ['service', 'account', 'client_id', 'grant_type']) {
      const twice = { ...form, [name]: name === 'grant_type' ? 'password' : SERVICE.name };
      expect(
        (await deployment.send(`POST /oauth/token?${name}=${SERVICE.name}`, { form: twice })).status,
      ).toBe(400);
    }
  });

  it('never holds the credentials', async () => {
    const answer = await get(
      `${QUERY}&username=token&password=${pushToken}&grant_type=password&scope=${SCOPE}`,
      {},
    );
    expect([claimsOf(answer).sub, grantOf(answer)]).toEqual(['', []]);
  });
});

describe('the form of a login', () => {
  const post = (sent: Sent) => deployment.send('POST /oauth/token', sent);

  it.each(['refresh_token', 'authorization_code', 'client_credentials', ''])(
    'may not ask for grant type "%s"',
    async grant_type => {
      const { status, json } = await post({ form: { grant_type, refresh_token: 'x' } });
      expect([status, json.error]).toEqual([400, 'unsupported_grant_type']);
    },
  );

  it('is recognised by its media type without parameters', async () => {
    const body = new URLSearchParams({
      grant_type: 'password',
      username: 'token',
      password: pushToken,
    }).toString();
    const send = (contentType: string) => post({ body, headers: { 'content-type': contentType } });
    expect((await send('application/x-www-form-urlencoded; charset=UTF-8')).status).toBe(200);
    expect(await send('application/json')).toMatchObject({
      status: 415,
      json: { details: expect.any(String) },
    });
  });

  it('does not stand beside a header with credentials', async () => {
    const form = { grant_type: 'password', username: 'token', password: pushToken };
    const { status } = await post({ form, headers: { authorization: basicHeader(['token', pullToken]) } });
    expect(status).toBe(400);
  });
});

describe('an access token', () => {
  it('is verified by the published keys, and lives a minute longer on both sides than it says', async () => {
    const answer = await get(`${QUERY}&scope=${SCOPE}`);
    const { keys } = (await deployment.send('GET /.well-known/jwks.json')).json;
    const now = Date.now() / 1000;
    const { payload } = await jwtVerify(answer.json.token, createLocalJWKSet({ keys }), {
      issuer: PUBLIC_URL,
      audience: SERVICE.name,
      currentDate: new Date(),
    });
    expect(payload).toEqual({
      iss: PUBLIC_URL,
      sub: expect.stringMatching(/^token:[0-9a-f-]{36}$/),
      aud: SERVICE.name,
      iat: now - 60,
      nbf: now - 60,
      exp: now + 300 + 60,
      jti: expect.stringMatching(/^[\w-]{22}$/),
      access: [{ type: 'repository', name: 'team-a/app', actions: ['pull', 'push'] }],
    });
    expect(new Set(Object.keys(decodeProtectedHeader(answer.json.token)))).toEqual(
      new Set(['alg', 'kid', 'typ', 'x5c']),
    );
  });

  it('has a name of its own, and is less than 4 KiB for many scopes', async () => {
    const scopes = Array.from({ length: 20 }, (_, i) => `repository:team-a/some/longer/name-${i}:pull,push`);
    const answers = [
      await get(`${QUERY}&scope=${scopes.join('+')}`),
      await get(`${QUERY}&scope=${scopes.join('+')}`),
    ];
    expect(new Set(answers.map(answer => claimsOf(answer).jti)).size).toBe(2);
    expect(answers[0]?.json.token.length).toBeLessThan(4096);
  });

  it('has what fits into 30 000 bytes, in the order of the request, and the log says what did not', async () => {
    const name = (i: number) => `team-a/${'x'.repeat(240)}-${String(i).padStart(2, '0')}`;
    const scopes = Array.from({ length: 100 }, (_, i) => `repository:${name(99 - i)}:pull`);
    const form = { ...FORM, username: 'token', password: pullToken, scope: scopes.join(' ') };
    const answer = await deployment.send('POST /oauth/token', { form });
    expect(answer.status).toBe(200);
    const granted = grantOf(answer);
    expect(granted).toEqual(scopes.slice(0, granted.length));
    expect(answer.json.scope).toBe(granted.join(' '));
    expect(answer.json.token.length).toBeLessThanOrEqual(30_000);
    // crane reads so much of an answer.
    expect(JSON.stringify({ ...answer.json, scope: '' }).length).toBeLessThan(65_536);
    const [event] = eventsOf(deployment, answer);
    expect(event?.missing).toContain(`${name(99 - granted.length)}:token-full`);
  });

  it.each<[number, number]>([
    [3600, 300],
    [301, 300],
    [299, 299],
    [61, 61],
    [60, 60],
    [59, 60],
    [1, 60],
  ])('of a secret that has %d seconds left says %d', async (left, expected) => {
    const token = await newToken({ expiresInSeconds: 7200 });
    deployment.wait(7200 - left);
    expect((await deployment.logIn(token)).json.expires_in).toBe(expected);
  });

  it('ends with the access token of the IAM that it was given for', async () => {
    const basic = ['iambearer', await deployment.bearerOf(ALICE)] as const;
    deployment.wait(3600 - 100);
    expect((await get(QUERY, { basic })).json.expires_in).toBe(100);
    deployment.wait(200);
    expect((await get(QUERY, { basic })).status).toBe(401);
  });
});

describe('what a login costs', () => {
  const operations = () => deployment.wire.requests.map(({ operation }) => operation);
  const cost = async (act: () => Promise<unknown>) => {
    deployment.wire.requests.length = 0;
    await act();
    return operations();
  };

  it('is one BatchGetItem, and once an hour the note that the token was used', async () => {
    const { id, token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: { nonExpiring: true } }))
      .json;
    const used = async () => (await deployment.as(ALICE)(`GET /v1/tokens/${id}`)).json.lastUsedAt;
    expect(await used()).toBeNull();
    expect(await cost(() => deployment.logIn(token, SCOPE))).toEqual(['BatchGetItem', 'UpdateItem']);
    expect(Date.parse(await used())).toBe(Date.now());
    for (let i = 0; i < 20; i++) {
      deployment.wait(170);
      expect(await cost(() => deployment.logIn(token, SCOPE))).toEqual(['BatchGetItem']);
    }
    deployment.wait(600);
    expect(await cost(() => deployment.logIn(token, SCOPE))).toEqual(['BatchGetItem', 'UpdateItem']);
  });

  it('is nothing for what cannot be a secret of ours, and for an anonymous caller', async () => {
    expect(await cost(() => deployment.logIn('plp_x', SCOPE))).toEqual([]);
    expect(await cost(() => get(`${QUERY}&scope=${SCOPE}`, {}))).toEqual([]);
  });

  it('is the policies and one read for an identity with a role, the policies alone for one without', async () => {
    for (const [who, expected] of [
      [ALICE, ['Query', 'BatchGetItem']],
      [MALLORY, ['Query']],
    ] as const) {
      const basic = ['iamapikey', await deployment.apiKeyOf(who)] as const;
      expect(await cost(() => get(`${QUERY}&scope=${SCOPE}`, { basic }))).toEqual(expected);
    }
  });

  it('is at most nine keys before the secret has matched, and a second read only afterwards', async () => {
    const alice = deployment.as(ALICE);
    const names = Array.from({ length: 12 }, (_, i) => `many-${i}`);
    for (const name of names) await alice(`PUT /v1/namespaces/${name}`);
    const { id, token } = (await alice('POST /v1/tokens', { json: {} })).json;
    const scope = names.map(name => `repository:${name}/x:pull`).join('+');
    const keysOf = ({ body }: { body: string }) => JSON.parse(body)[0].length;
    await deployment.logIn(token);
    deployment.wire.requests.length = 0;
    const answer = await deployment.logIn(token, scope);
    expect(grantOf(answer)).toEqual(scope.split('+'));
    expect(deployment.wire.requests.map(keysOf)).toEqual([9, 4]);
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    deployment.wire.requests.length = 0;
    await deployment.logIn(token, scope);
    const reads = deployment.wire.requests.filter(({ operation }) => operation !== 'PutItem');
    expect(reads.map(keysOf)).toEqual([9]);
  });
});

describe('when something does not answer', () => {
  it('a login is 503 with Retry-After and JSON while it is the store, and a good grant afterwards', async () => {
    const token = await newToken({});
    deployment.wire.cut = ({ operation }) => operation === 'BatchGetItem';
    const { status, headers, json } = await deployment.logIn(token, SCOPE);
    expect([status, headers['content-type']]).toEqual([503, 'application/json']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(json).toMatchObject({ errors: [{ code: 'UNAVAILABLE' }], details: expect.any(String) });
    expect(deployment.logs.at(-1)).toContain('"level":"ERROR"');
    deployment.wire.cut = () => false;
    expect((await deployment.logIn(token, SCOPE)).status).toBe(200);
  });

  it('a login succeeds although its use could not be stored', async () => {
    const token = await newToken({});
    deployment.wire.cut = ({ operation }) => operation === 'UpdateItem';
    expect((await deployment.logIn(token)).status).toBe(200);
  });

  it('registry tokens log in while it is the IAM, and API keys get 503 with Retry-After', async () => {
    const token = await newToken({});
    deployment.iamAnswers = false;
    expect((await deployment.logIn(token)).status).toBe(200);
    const { status, headers, json } = await get(QUERY, { basic: ['iamapikey', 'never-seen-before'] });
    expect([status, json.errors[0].code]).toEqual([503, 'UNAVAILABLE']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
  });
});

describe('the health of the login function', () => {
  it('is 200 while it can serve and 503 while it cannot, and is asked after once in five seconds', async () => {
    deployment.wait(10);
    expect(await deployment.send('GET /health')).toMatchObject({ status: 200, json: { status: 'ok' } });
    deployment.wire.cut = () => true;
    expect((await deployment.send('GET /health')).status).toBe(200);
    deployment.wait(5);
    const { status, headers } = await deployment.send('GET /health');
    expect([status, Number(headers['retry-after']) > 0]).toEqual([503, true]);
  });

  it('is 503 without a ring to sign with', async () => {
    await rm(join(deployment.directory, 'keys'), { recursive: true });
    deployment.wait(3600);
    const health = await deployment.send('GET /health');
    const login = await deployment.logIn('plp_x');
    expect([health.status, login.status]).toEqual([503, 401]);
  });
});
