/**
 * The same caller receives the same grant, however the request comes (CVE-2026-28699 and CVE-2026-28744: a bound that
 * held over one transport was forgotten over another).
 */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceOf, openWorld, type World, workloadToken } from '../support/callers.ts';
import { claimsOf } from '../support/claims.ts';
import { basicHeader, type Received, type Sent } from '../support/events.ts';

const ACME = namespaceOf('dev:acme');
/** What every caller asks for: more than any of them may. */
const SCOPES = [
  `repository:${ACME}/app:pull,push`,
  `repository:${ACME}/web/ui:*`,
  `repository:${ACME}/web/api:delete`,
  `repository(plugin):${ACME}/plug:pull`,
  `repository:${namespaceOf('dev:rival')}/app:pull`,
  `repository:${namespaceOf('other:acme')}/app:pull`,
  `repository:${ACME}-evil/app:pull`,
  `repository:${ACME}:pull`,
  'registry:catalog:*',
];

let world: World;
let tokens: Record<'pull' | 'push', string>;
/** Of the tokens, of identities and of a workload. */
const credentials = new Map<string, string>();
const credential = async (name: string) => ['token', credentials.get(name) ?? ''] as const;

/** A user name and a password, and the subject that they stand for. */
const CALLERS: Record<string, [subject: RegExp, () => Promise<readonly [string, string]>]> = {
  'a token that pulls': [/^token:/, async () => ['token', tokens.pull]],
  'a token that pushes in one place': [/^token:/, async () => ['token', tokens.push]],
  'an administrator by API key': [
    /^dev:alice$/,
    async () => ['iamapikey', await world.deployment.apiKeyOf('acme:alice')],
  ],
  'an administrator by access token': [
    /^dev:alice$/,
    async () => ['iambearer', await world.deployment.bearerOf('acme:alice')],
  ],
  'an administrator by refresh token': [
    /^dev:alice$/,
    async () => ['iamrefresh', await world.deployment.refreshTokenOf('acme:alice')],
  ],
  'a writer by API key': [
    /^dev:will$/,
    async () => ['iamapikey', await world.deployment.apiKeyOf('acme:will')],
  ],
  'a reader by access token': [
    /^dev:rita$/,
    async () => ['iambearer', await world.deployment.bearerOf('acme:rita')],
  ],
  'an identity without a role': [
    /^dev:mallory$/,
    async () => ['iamapikey', await world.deployment.apiKeyOf('acme:mallory')],
  ],
  'the rival': [/^dev:bob$/, async () => ['iamapikey', await world.deployment.apiKeyOf('rival:bob')]],
  'a namesake at another IAM': [/^other:alice$/, async () => ['iambearer', world.other.token()]],
  'a weak proof': [/^weak:alice$/, async () => ['iambearer', world.weak.token({ aud: undefined })]],
  'a role in AWS': [/^aws:arn:aws:iam::/, async () => ['awsiam', await world.freshProof()]],
  'a workload': [/^github:repo:/, async () => ['oidc', workloadToken(world, 'dev:acme')]],
  'a credential of a token that pulls': [/^token:/, () => credential('pull')],
  'a credential of a token that pushes in one place': [/^token:/, () => credential('push')],
  'a credential of an administrator': [/^dev:alice$/, () => credential('alice')],
  'a credential of a writer, for pull in one place': [/^dev:will$/, () => credential('will')],
  'a credential of a workload': [/^github:repo:/, () => credential('workload')],
  'an anonymous caller': [/^$/, async () => ['', '']],
};

type Send = (credentials: readonly [string, string]) => Promise<Received>;
const query = (separator: string) =>
  SCOPES.map(scope => `scope=${encodeURIComponent(scope)}`).join(separator);
const deployed = (line: string, sent?: Sent) => world.deployment.send(line, sent);
const get =
  (target: string): Send =>
  basic =>
    deployed(`GET ${target}`, { basic });
const post =
  (path: string, more: readonly (readonly [string, string])[], scopes: readonly string[] = SCOPES): Send =>
  ([username, password]) =>
    deployed(`POST ${path}`, {
      form: [
        ['grant_type', 'password'],
        ['username', username],
        ['password', password],
        ...scopes.map(scope => ['scope', scope] as const),
        ...more,
      ],
    });

/** Every way in which a client can ask for the same. */
const WAYS: Record<string, Send> = {
  'GET /oauth/token': get(`/oauth/token?${query('&')}`),
  'GET /auth/token': get(`/auth/token?${query('&')}`),
  'GET with a service': get(`/oauth/token?service=localhost%3A5000&${query('&')}`),
  'GET as docker logs in': get(
    `/oauth/token?account=administrator&client_id=docker&offline_token=true&${query('&')}`,
  ),
  'GET in the name of another account': get(`/oauth/token?account=dev:rival&client_id=dev:bob&${query('&')}`),
  'GET with scopes in one parameter': get(`/oauth/token?scope=${encodeURIComponent(SCOPES.join(' '))}`),
  'GET with scopes joined by plus': get(`/oauth/token?scope=${SCOPES.map(encodeURIComponent).join('+')}`),
  'GET with everything twice': get(`/oauth/token?${query('&')}&${query('&')}`),
  'GET with foreign parameters': get(
    `/oauth/token?username=token&password=x&user=alice&role=administrator&${query('&')}`,
  ),
  'GET with the scheme in other letters': basic =>
    deployed(`GET /oauth/token?${query('&')}`, {
      headers: { AUTHORIZATION: basicHeader(basic).replace('Basic', 'BASIC') },
    }),
  'POST /oauth/token': post('/oauth/token', []),
  'POST /auth/token': post('/auth/token', []),
  'POST as containerd asks': post('/oauth/token', [
    ['client_id', 'containerd-client'],
    ['service', 'localhost:5000'],
  ]),
  'POST as docker asks': post('/oauth/token', [
    ['client_id', 'docker'],
    ['access_type', 'offline'],
  ]),
  'POST in the name of another account': post('/auth/token', [
    ['account', 'dev:rival'],
    ['client_id', 'dev:bob'],
  ]),
  'POST with scopes in one parameter': post('/oauth/token', [], [SCOPES.join(' ')]),
  'POST with scopes in the query': post(`/oauth/token?${query('&')}`, [], []),
  'POST with scopes in both places': post(`/oauth/token?${query('&')}`, []),
  'POST with a secret of another kind beside it': post('/oauth/token', [
    ['refresh_token', 'x'],
    ['assertion', 'x'],
    ['apikey', 'x'],
  ]),
};

beforeAll(async () => {
  world = await openWorld();
  const alice = world.asAdministratorOf('dev:acme');
  for (const account of ['dev:acme', 'dev:rival', 'other:acme'] as const) {
    await world.asAdministratorOf(account)(`PUT /v1/namespaces/${namespaceOf(account)}`);
  }
  await alice(`PUT /v1/namespaces/${ACME}-evil`);
  await alice('POST /v1/policies', {
    json: { subject: 'will', role: 'writer', repositories: [`${ACME}/app`, `${ACME}/web/*`] },
  });
  await alice('POST /v1/policies', {
    json: { subject: 'rita', role: 'reader', repositories: [`${ACME}/*`] },
  });
  const claims = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' };
  await alice('POST /v1/trusts', {
    json: { issuer: 'github', claims, access: 'push', repositories: [`${ACME}/web/*`] },
  });
  const add = async (json: object) => (await alice('POST /v1/tokens', { json })).json.token;
  tokens = { pull: await add({}), push: await add({ access: 'push', repositories: [`${ACME}/web/*`] }) };
  const web = [`${ACME}/web/*`];
  const basicOf = async (who: string): Promise<Sent> => ({
    basic: ['iamapikey', await world.deployment.apiKeyOf(who)],
  });
  const parents: [string, Sent, object][] = [
    ['pull', { bearer: tokens.pull }, {}],
    ['push', { bearer: tokens.push }, { access: 'push' }],
    ['alice', await basicOf('acme:alice'), { access: 'push' }],
    ['will', await basicOf('acme:will'), { repositories: web }],
    [
      'workload',
      { basic: ['oidc', workloadToken(world, 'dev:acme')] },
      { access: 'push', repositories: web },
    ],
  ];
  for (const [name, sent, json] of parents) {
    const { password } = (await deployed('POST /v1/credentials', { json, ...sent })).json;
    credentials.set(name, password);
  }
});
afterAll(() => world.close());

/** What a login comes to. */
async function outcomeOf(send: Send, credentials: readonly [string, string]): Promise<object> {
  const answer = await send(credentials);
  expect(answer.status, answer.text).toBe(200);
  const { sub, aud, access } = claimsOf(answer);
  return { sub, aud, access, expiresIn: answer.json.expires_in };
}

describe.each(Object.entries(CALLERS))('%s', (name, [subject, credentialsOf]) => {
  it('receives the same grant over every transport', async () => {
    const outcomes = new Map<string, string[]>();
    for (const [way, send] of Object.entries(WAYS)) {
      const outcome = await outcomeOf(send, await credentialsOf());
      expect(outcome).toMatchObject({ sub: expect.stringMatching(subject) });
      const text = JSON.stringify(outcome);
      outcomes.set(text, [...(outcomes.get(text) ?? []), way]);
    }
    expect([...outcomes.values()]).toEqual([Object.keys(WAYS)]);
    expect(JSON.parse([...outcomes.keys()].join()).access.map(lineOf)).toEqual(GRANTS[name]);
  });
});

const lineOf = ({ name, actions }: { name: string; actions: string[] }) => `${name} ${actions.join()}`;
const everything = [`${ACME}/app pull,push`, `${ACME}/web/ui delete,pull,push`, `${ACME}/web/api delete`];
/** What it is, for each. */
const GRANTS: Record<string, string[]> = {
  'a token that pulls': [
    `${ACME}/app pull`,
    `${ACME}/web/ui pull`,
    `${ACME}/plug pull`,
    `${ACME}-evil/app pull`,
  ],
  'a token that pushes in one place': [`${ACME}/web/ui pull,push`],
  'an administrator by API key': [...everything, `${ACME}/plug pull`, `${ACME}-evil/app pull`],
  'an administrator by access token': [...everything, `${ACME}/plug pull`, `${ACME}-evil/app pull`],
  'an administrator by refresh token': [...everything, `${ACME}/plug pull`, `${ACME}-evil/app pull`],
  'a writer by API key': [`${ACME}/app pull,push`, `${ACME}/web/ui pull,push`],
  'a reader by access token': [`${ACME}/app pull`, `${ACME}/web/ui pull`, `${ACME}/plug pull`],
  'an identity without a role': [],
  'the rival': [`${namespaceOf('dev:rival')}/app pull`],
  'a namesake at another IAM': [`${namespaceOf('other:acme')}/app pull`],
  'a weak proof': [],
  'a role in AWS': [],
  'a workload': [`${ACME}/web/ui pull,push`],
  'a credential of a token that pulls': [
    `${ACME}/app pull`,
    `${ACME}/web/ui pull`,
    `${ACME}/plug pull`,
    `${ACME}-evil/app pull`,
  ],
  'a credential of a token that pushes in one place': [`${ACME}/web/ui pull,push`],
  'a credential of an administrator': [
    `${ACME}/app pull,push`,
    `${ACME}/web/ui pull,push`,
    `${ACME}/plug pull`,
    `${ACME}-evil/app pull`,
  ],
  'a credential of a writer, for pull in one place': [`${ACME}/web/ui pull`],
  'a credential of a workload': [`${ACME}/web/ui pull,push`],
  'an anonymous caller': [],
};
