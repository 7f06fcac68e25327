/** Every kind of secret in every place where a secret is taken: it works only where it is meant to. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { API_KEY_GRANT } from '../../lib/iam/token-endpoint.ts';
import { namespaceOf, openWorld, type World, workloadToken } from '../support/callers.ts';
import { basicHeader, type Sent } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';

const ACME = namespaceOf('dev:acme');
let world: World;
let registryToken: string;
let accessToken: string;
let credential: string;

/** Each is good, somewhere. */
const SECRETS: Record<string, () => Promise<string> | string> = {
  'registry token': () => registryToken,
  'access token of ours': () => accessToken,
  'API key': () => world.deployment.apiKeyOf('acme:alice'),
  'access token of the IAM': () => world.deployment.bearerOf('acme:alice'),
  'access token of another IAM': () => world.other.token(),
  'access token without audience': () => world.weak.token({ aud: undefined }),
  'refresh token': () => world.deployment.refreshTokenOf('acme:alice'),
  'AWS proof': () => world.freshProof(),
  'workload token': () => workloadToken(world, 'dev:acme'),
  credential: () => credential,
  'unknown credential': () => `plc_${'0'.repeat(90)}`,
  'unknown API key': () => 'api-key-that-is-unknown-0123456789',
  'client secret': () => 'bx',
  'name of a user': () => 'alice',
  nothing: () => '',
};
type SecretName = keyof typeof SECRETS;

const USER_NAMES = ['token', 'iamapikey', 'iambearer', 'iamrefresh', 'awsiam', 'oidc'] as const;
const ODD_NAMES = ['', 'Token', 'iam', 'iamtoken', 'anonymous', 'bearer', 'alice', 'constructor'] as const;
const ACCESS = ['access token of the IAM', 'access token of another IAM', 'access token without audience'];
/** Which secrets a user name takes: the whole rule. */
const MEANT: Record<(typeof USER_NAMES)[number], readonly SecretName[]> = {
  token: ['registry token', 'credential'],
  iamapikey: ['API key'],
  iambearer: ACCESS,
  iamrefresh: ['refresh token'],
  awsiam: ['AWS proof'],
  oidc: ['workload token'],
};

interface Place {
  readonly send: (secret: string) => Promise<{ readonly status: number }>;
  readonly takes: readonly SecretName[];
  /** How it takes them; 200 unless said otherwise. */
  readonly accepts?: number;
  /** How it refuses; 401 unless said otherwise. */
  readonly refuses?: readonly number[];
  /** What it refuses with 403: a secret that is plainly for registries. */
  readonly forbids?: readonly SecretName[];
}

/** The formats that only registries take are seen without looking whether the secret is good. */
const OF_REGISTRIES = ['registry token', 'credential', 'unknown credential'];

function forbiddenTo(userName: string): readonly SecretName[] {
  return isUserName(userName) ? OF_REGISTRIES : [];
}

function isUserName(name: string): name is keyof typeof MEANT {
  return Object.hasOwn(MEANT, name);
}

const deployed = (line: string, sent: Sent) => world.deployment.send(line, sent);
const form = (username: string, password: string): Sent => ({
  form: { grant_type: 'password', username, password },
});

/** Nothing is vended to an anonymous caller, nor from a credential. */
function vending(userName: string, takes: readonly SecretName[]): Omit<Place, 'send'> {
  const parents = takes.filter(name => name !== 'credential' && userName !== '');
  return { takes: parents, accepts: 201 };
}

/** What a subject token of each type may be: the types of RFC 8693 stand for user names. */
const SUBJECT_TYPES = {
  access_token: ['registry token', ...ACCESS],
  refresh_token: ['refresh token'],
  id_token: ['workload token'],
  jwt: ['workload token'],
} as const;

function exchanging(type: keyof typeof SUBJECT_TYPES): Place {
  return {
    send: subject_token =>
      deployed('POST /oauth/token', {
        form: {
          grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
          subject_token,
          subject_token_type: `urn:ietf:params:oauth:token-type:${type}`,
        },
      }),
    takes: SUBJECT_TYPES[type],
    // No subject token at all is no request.
    refuses: [400, 401],
  };
}

function places(): Record<string, Place> {
  const all: Record<string, Place> = {};
  for (const userName of [...USER_NAMES, ...ODD_NAMES]) {
    const takes = isUserName(userName) ? MEANT[userName] : userName === '' ? ['nothing'] : [];
    const managing = userName === 'token' || userName === 'oidc' || userName === '' ? [] : takes;
    const basic = (line: string) => (secret: string) => deployed(line, { basic: [userName, secret] });
    all[`login by GET as "${userName}"`] = { send: basic('GET /oauth/token'), takes };
    all[`login by GET at the alias as "${userName}"`] = { send: basic('GET /auth/token'), takes };
    all[`login by POST as "${userName}"`] = {
      send: secret => deployed('POST /oauth/token', form(userName, secret)),
      takes,
    };
    all[`vending by Basic as "${userName}"`] = {
      ...vending(userName, takes),
      send: secret => deployed('POST /v1/credentials', { basic: [userName, secret], json: {} }),
    };
    const asManager = { takes: managing, forbids: forbiddenTo(userName) };
    all[`management by Basic as "${userName}"`] = { send: basic('GET /v1/tokens'), ...asManager };
    all[`identity by Basic as "${userName}"`] = { send: basic('GET /v1/identity'), ...asManager };
  }
  const nowhere = (send: Place['send']) => ({ send, takes: [] });
  return {
    ...all,
    'management by Bearer': {
      send: bearer => deployed('GET /v1/tokens', { bearer }),
      takes: ACCESS,
      forbids: OF_REGISTRIES,
    },
    'identity by Bearer': {
      send: bearer => deployed('GET /v1/identity', { bearer }),
      takes: ACCESS,
      forbids: OF_REGISTRIES,
    },
    'vending by Bearer': {
      send: bearer => deployed('POST /v1/credentials', { bearer, json: {} }),
      takes: ['registry token', ...ACCESS],
      accepts: 201,
    },
    'an exchange of an access token': exchanging('access_token'),
    'an exchange of a refresh token': exchanging('refresh_token'),
    'an exchange of an ID token': exchanging('id_token'),
    'an exchange of a JWT': exchanging('jwt'),
    'the end of a token, by Bearer': {
      send: bearer => deployed('POST /oauth/revoke', { bearer, form: {} }),
      takes: [],
      refuses: [400],
    },
    'login by Bearer': nowhere(bearer => deployed('GET /oauth/token', { bearer })),
    'a user name': nowhere(secret => deployed('GET /v1/tokens', { basic: [secret, ''] })),
    'an API key header': nowhere(secret => deployed('GET /v1/tokens', { headers: { 'x-api-key': secret } })),
    'a cookie': nowhere(secret =>
      deployed('GET /v1/tokens', { headers: { cookie: `token=${encodeURIComponent(secret)}` } }),
    ),
    'the query': nowhere(secret => deployed(`GET /v1/tokens?access_token=${encodeURIComponent(secret)}`, {})),
    'another scheme': nowhere(secret =>
      deployed('GET /v1/tokens', { headers: { authorization: `Token ${secret}` } }),
    ),
    'the administration of the development IAM': {
      send: secret =>
        developmentIam('/iam/v1/apikeys', { authorization: basicHeader(['iamapikey', secret]) }),
      takes: [],
      refuses: [401, 403],
    },
    'an exchange at the development IAM': {
      send: apikey => developmentIam('/iam/identity/token', { form: { grant_type: API_KEY_GRANT, apikey } }),
      takes: ['API key'],
      refuses: [400],
    },
    'a renewal at the development IAM': {
      send: refresh_token =>
        developmentIam('/iam/identity/token', { form: { grant_type: 'refresh_token', refresh_token } }),
      takes: ['refresh token'],
      refuses: [400],
    },
  };
}

/** Over HTTP on loopback, as every user of the machine can. */
async function developmentIam(
  path: string,
  sent: { readonly authorization?: string; readonly form?: Readonly<Record<string, string>> },
): Promise<{ status: number }> {
  const { directory } = world.deployment;
  const [{ keysUrl }] = JSON.parse(await readFile(join(directory, 'issuers.json'), 'utf8'));
  const body = sent.form === undefined ? '{}' : new URLSearchParams(sent.form);
  const json = { 'content-type': 'application/json' };
  return fetch(new URL(path, keysUrl), {
    method: 'POST',
    body,
    headers: {
      ...(sent.form === undefined ? json : {}),
      ...(sent.authorization === undefined ? {} : { authorization: sent.authorization }),
    },
  });
}

const CELLS = Object.entries(places()).flatMap(
  ([place, { send, takes, accepts = 200, refuses = [401], forbids = [] }]) =>
    Object.keys(SECRETS).map(secret => {
      const isMeant = takes.includes(secret);
      const refusal = forbids.includes(secret) ? [403] : refuses;
      return { place, secret, send, isMeant, expected: isMeant ? [accepts] : refusal };
    }),
);

beforeAll(async () => {
  world = await openWorld();
  const alice = world.asAdministratorOf('dev:acme');
  registryToken = (await alice('POST /v1/tokens', { json: {} })).json.token;
  await alice(`PUT /v1/namespaces/${ACME}`);
  await alice('POST /v1/trusts', {
    json: { issuer: 'github', claims: { repository_id: '74', repository_owner_id: '65' } },
  });
  const vended = await deployed('POST /v1/credentials', { bearer: registryToken, json: {} });
  credential = vended.json.password;
  accessToken = (await world.deployment.logIn(registryToken)).json.token;
});
afterAll(() => world.close());

describe('a secret', () => {
  it.each(Object.keys(SECRETS))('works only where it is meant to: %s', async secret => {
    const deviations: unknown[] = [];
    for (const { place, send, isMeant, expected } of CELLS.filter(cell => cell.secret === secret)) {
      const { status } = await send((await SECRETS[secret]?.()) ?? '');
      if (!expected.includes(status)) deviations.push({ place, isMeant, status });
    }
    expect(deviations).toEqual([]);
  });

  it('is tried in many cells, few of which are meant', () => {
    expect(CELLS.length).toBeGreaterThan(1200);
    expect(CELLS.filter(({ isMeant }) => isMeant).length).toBeLessThan(80);
  });

  it('of ours never reaches an issuer, wherever it is put', async () => {
    const { exchanges } = world.deployment;
    // What was refused just now would not be asked about again.
    world.deployment.wait(60);
    const before = exchanges.length;
    for (const { place, send, secret } of CELLS) {
      const isOurs = secret === 'registry token' || secret.startsWith('credential');
      if (isOurs && !place.endsWith('development IAM')) await send((await SECRETS[secret]?.()) ?? '');
    }
    expect(exchanges.slice(before)).toEqual([]);
  });

  it('is in no log, wherever it was put', async () => {
    const written = world.deployment.logs.join('');
    const fixed = [
      registryToken,
      accessToken,
      credential,
      await world.deployment.apiKeyOf('acme:alice'),
      world.other.token(),
    ];
    expect(fixed.filter(secret => written.includes(secret))).toEqual([]);
    expect(written.length).toBeGreaterThan(10_000);
  });
});

it('a refusal says the same of every secret, and its id leads to the reason', async () => {
  const texts = new Set<string>();
  for (const userName of USER_NAMES) {
    for (const [name, secretOf] of Object.entries(SECRETS)) {
      if (MEANT[userName].includes(name)) continue;
      const answer = await deployed('GET /oauth/token', { basic: [userName, await secretOf()] });
      texts.add(answer.text.replaceAll(String(answer.headers['x-request-id']), 'its id'));
      const refusal = { message: 'refused', code: 'unauthenticated', userName, reason: expect.any(String) };
      expect(eventsOf(world.deployment, answer)).toMatchObject([refusal]);
    }
  }
  expect(texts.size).toBe(1);
});
