/** A credential by OAuth token exchange (RFC 8693): the same credential as by `POST /v1/credentials`, never a wider one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { namespaceOf, openWorld, type World, workloadToken } from '../support/callers.ts';
import { grantOf } from '../support/claims.ts';
import { jtiOf, payloadOf } from '../support/credentials.ts';
import { type Received, type Sent, textWithoutId } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';

const ACME = namespaceOf('dev:acme');
const GRANT_TYPE = 'urn:ietf:params:oauth:grant-type:token-exchange';
const ISSUED = 'urn:pullpass:token-type:credential';
const TYPE = {
  access: 'urn:ietf:params:oauth:token-type:access_token',
  refresh: 'urn:ietf:params:oauth:token-type:refresh_token',
  id: 'urn:ietf:params:oauth:token-type:id_token',
  jwt: 'urn:ietf:params:oauth:token-type:jwt',
  saml: 'urn:ietf:params:oauth:token-type:saml2',
} as const;

let world: World;
let alice: (line: string, sent?: Sent) => Promise<Received>;
let id: string;
let token: string;

beforeAll(async () => {
  world = await openWorld();
  alice = world.asAdministratorOf('dev:acme');
  await alice(`PUT /v1/namespaces/${ACME}`);
  const json = { access: 'push', repositories: [`${ACME}/app`, `${ACME}/web/*`] };
  ({ id, token } = (await alice('POST /v1/tokens', { json })).json);
  const claims = { repository_id: '74', repository_owner_id: '65' };
  const repositories = [`${ACME}/web/*`];
  await alice('POST /v1/trusts', { json: { issuer: 'github', claims, repositories, lifetimeSeconds: 600 } });
});
afterAll(() => world.close());

type Parameters = readonly (readonly [string, string])[];

function exchange(subject: string, type: string, more: Parameters = [], path = '/oauth/token') {
  const form: Parameters = [
    ['grant_type', GRANT_TYPE],
    ['subject_token', subject],
    ['subject_token_type', type],
    ...more,
  ];
  return world.deployment.send(`POST ${path}`, { form });
}
const scopes = (...names: string[]): Parameters => names.map(name => ['scope', `repository:${name}`]);
const given = async (password: string) =>
  grantOf(await world.deployment.logIn(password, `repository:${ACME}/app:*+repository:${ACME}/web/ui:*`));

/** Subjects, their types, how the same caller asks the other way, and how long a credential lives. */
const SUBJECTS: Record<string, [() => Promise<string> | string, string, (subject: string) => Sent, number]> =
  {
    'a registry token': [() => token, TYPE.access, bearer => ({ bearer }), 3600],
    'an access token of the IAM': [
      () => world.deployment.bearerOf('acme:alice'),
      TYPE.access,
      bearer => ({ bearer }),
      3600,
    ],
    'a refresh token of the IAM': [
      () => world.deployment.refreshTokenOf('acme:alice'),
      TYPE.refresh,
      subject => ({ basic: ['iamrefresh', subject] }),
      3600,
    ],
    'an ID token of a workload': [
      () => workloadToken(world, 'dev:acme'),
      TYPE.id,
      subject => ({ basic: ['oidc', subject] }),
      600,
    ],
    'a JWT of a workload': [
      () => workloadToken(world, 'dev:acme'),
      TYPE.jwt,
      subject => ({ basic: ['oidc', subject] }),
      600,
    ],
  };

describe.each(Object.entries(SUBJECTS))('%s', (_, [subjectOf, type, asCaller, seconds]) => {
  it.each(['/oauth/token', '/auth/token'])(
    'is exchanged for a credential, and no access token: %s',
    async path => {
      const { status, headers, json } = await exchange(await subjectOf(), type, [], path);
      expect([status, headers['cache-control']]).toEqual([200, 'no-store']);
      expect(json).toMatchObject({
        access_token: expect.stringMatching(/^plc_k1\./),
        issued_token_type: ISSUED,
        token_type: 'N_A',
        expires_in: seconds,
      });
      expect('refresh_token' in json).toBe(false);
      expect((await given(json.access_token)).length).toBeGreaterThan(0);
    },
  );

  it('gives what the same wish gives elsewhere, and no more', async () => {
    const names = [`${ACME}/web/ui`, `${ACME}/web/api/*`];
    const wishes: [Parameters, object][] = [
      [[], {}],
      [scopes(...names.map(name => `${name}:pull`)), { repositories: names }],
      [[['scope', names.map(name => `repository:${name}:pull`).join(' ')]], { repositories: names }],
      [scopes(`${ACME}/web/ui:pull,push`), { repositories: names.slice(0, 1), access: 'push' }],
      [scopes(`${ACME}/web/ui:push`), { repositories: names.slice(0, 1), access: 'push' }],
      [scopes(`${ACME}-evil/app:pull`), { repositories: [`${ACME}-evil/app`] }],
    ];
    for (const [more, json] of wishes) {
      const subject = await subjectOf();
      const exchanged = await exchange(subject, type, more);
      const vended = await world.deployment.send('POST /v1/credentials', { json, ...asCaller(subject) });
      expect([more, exchanged.status]).toEqual([more, vended.status === 201 ? 200 : vended.status]);
      if (vended.status !== 201) continue;
      const said = [exchanged.json.access_token, vended.json.password].map(value =>
        payloadOf(value).slice(1),
      );
      expect(said[0]).toEqual(said[1]);
    }
  });
});

describe('a token exchange', () => {
  it('names the registry as audience or as service, or both, and one that there is', async () => {
    const named: Parameters[] = [
      [['audience', SERVICE.name]],
      [['service', SERVICE.name]],
      [
        ['audience', SERVICE.name],
        ['service', SERVICE.name],
      ],
    ];
    for (const more of named) expect((await exchange(token, TYPE.access, more)).status).toBe(200);
  });

  it('says the scope that was given, for one as for several repositories', async () => {
    const { json } = await exchange(token, TYPE.access);
    expect(json.scope).toBe(`repository:${ACME}/app:pull repository:${ACME}/web/*:pull`);
    const one = await exchange(token, TYPE.access, scopes(`${ACME}/app:pull,push`));
    expect(one.json.scope).toBe(`repository:${ACME}/app:pull,push`);
    const all = await exchange(await world.deployment.bearerOf('acme:alice'), TYPE.access);
    expect('scope' in all.json).toBe(false);
  });

  it('may ask for what it gets, and for nothing else', async () => {
    const asked = await exchange(token, TYPE.access, [['requested_token_type', ISSUED]]);
    expect(asked.status).toBe(200);
    for (const wanted of [TYPE.access, TYPE.jwt, '']) {
      const { status, json } = await exchange(token, TYPE.access, [['requested_token_type', wanted]]);
      expect([status, json.error]).toEqual([400, 'invalid_request']);
    }
  });

  it('leaves one event, which names the credential and not the subject token', async () => {
    const answer = await exchange(token, TYPE.access, scopes(`${ACME}/app:pull`));
    expect(eventsOf(world.deployment, answer)).toMatchObject([
      {
        message: 'vended',
        userName: 'token',
        subject: `token:${id}`,
        credential: jtiOf(answer.json.access_token),
        repositories: `${ACME}/app`,
      },
    ]);
    expect(world.deployment.logs.join('')).not.toContain(token);
  });

  it.each<[string, string, string, Parameters]>([
    ['without a subject token', '', TYPE.access, []],
    ['without a type', 'x', '', []],
    ['of a type that there is not', 'x', TYPE.saml, []],
    ['of a type in capitals', 'x', TYPE.access.toUpperCase(), []],
    ['with two subject tokens', 'x', TYPE.access, [['subject_token', 'y']]],
    ['with two types', 'x', TYPE.access, [['subject_token_type', TYPE.id]]],
    ['with two grant types', 'x', TYPE.access, [['grant_type', 'password']]],
    ['in the name of an actor', 'good', TYPE.access, [['actor_token', 'y']]],
    ['with the type of an actor', 'good', TYPE.access, [['actor_token_type', TYPE.jwt]]],
    ['for a resource', 'good', TYPE.access, [['resource', 'https://localhost:5000/']]],
    ['for a service that there is not', 'good', TYPE.access, [['audience', 'other']]],
    [
      'for two audiences',
      'good',
      TYPE.access,
      [
        ['audience', SERVICE.name],
        ['audience', 'other'],
      ],
    ],
    [
      'for another audience than service',
      'good',
      TYPE.access,
      [
        ['audience', SERVICE.name],
        ['service', 'x'],
      ],
    ],
    ['for another type than a repository', 'good', TYPE.access, [['scope', 'registry:catalog:*']]],
    ['for an image', 'good', TYPE.access, [['scope', `image:${ACME}/app:pull`]]],
    ['for a repository of no grammar', 'good', TYPE.access, scopes('Te/App:pull')],
    ['for a namespace', 'good', TYPE.access, scopes(`${ACME}:pull`)],
    ['for every repository by a star', 'good', TYPE.access, scopes('*:pull')],
    ['for deletion', 'good', TYPE.access, scopes(`${ACME}/app:delete`)],
    ['for pull and deletion', 'good', TYPE.access, scopes(`${ACME}/app:pull,delete`)],
    ['for everything by a star', 'good', TYPE.access, scopes(`${ACME}/app:*`)],
    ['for no action', 'good', TYPE.access, scopes(`${ACME}/app:`)],
    ['for two kinds of access', 'good', TYPE.access, scopes(`${ACME}/app:pull`, `${ACME}/web/ui:pull,push`)],
    ['for words that are no scope', 'good', TYPE.access, [['scope', 'openid profile']]],
    ['for a scope and a word', 'good', TYPE.access, [['scope', `repository:${ACME}/app:pull offline`]]],
    ['for a scope in two words', 'good', TYPE.access, [['scope', `repository:${ACME}/app pull`]]],
    ['for scopes parted by a tab', 'good', TYPE.access, [['scope', `repository:${ACME}/app:pull\tx`]]],
    [
      'for 33 repositories',
      'good',
      TYPE.access,
      scopes(...Array.from({ length: 33 }, (__, i) => `te/${i}:pull`)),
    ],
  ])('is refused as OAuth refuses: %s', async (_, subject, type, more) => {
    const { status, json } = await exchange(subject === 'good' ? token : subject, type, more);
    expect([status, json.error]).toEqual([400, 'invalid_request']);
    expect(json.error_description).toEqual(expect.any(String));
    expect('access_token' in json).toBe(false);
  });

  it.each([
    ['repository:team-a:pull', "The repository 'team-a' is a namespace, not a repository; use 'team-a/*'."],
    ['repository:team-a/app:v1:pull', "The repository 'team-a/app:v1' holds a tag; use 'team-a/app'."],
    ['repository:host:5000/team-a/app:pull', "begins with the address of a registry; use 'team-a/app'."],
  ])('says what is wrong with the scope %s', async (scope, says) => {
    const { status, json } = await exchange(token, TYPE.access, [['scope', scope]]);
    expect(status).toBe(400);
    expect(json.error_description).toContain(says);
  });

  it('takes the host of a registry, as people write it, for its service', async () => {
    for (const audience of ['https://localhost:5000', 'LOCALHOST:5000']) {
      expect((await exchange(token, TYPE.access, [['audience', audience]])).status).toBe(200);
    }
  });

  it('respects every bound in its query', async () => {
    for (const query of [`scope=repository:${ACME}/app:pull`, `audience=other`, 'resource=x', 'x=']) {
      const { status, json } = await exchange(token, TYPE.access, [], `/oauth/token?${query}`);
      expect([status, json.error]).toEqual([400, 'invalid_request']);
    }
  });

  it('asks for the rule where its scope is empty', async () => {
    for (const scope of ['', ' ', '  ']) {
      const { json } = await exchange(token, TYPE.access, [['scope', scope]]);
      expect(json.scope).toBe(`repository:${ACME}/app:pull repository:${ACME}/web/*:pull`);
    }
  });

  it('is taken from the form alone, with no other proof beside it', async () => {
    const form = { grant_type: GRANT_TYPE, subject_token: token, subject_token_type: TYPE.access };
    const both = await world.deployment.send('POST /oauth/token', { form, basic: ['token', token] });
    expect([both.status, both.json.error]).toEqual([400, 'invalid_request']);
    const query = new URLSearchParams(form);
    const got = await world.deployment.send(`GET /oauth/token?${query}`);
    expect([got.status, grantOf(got)]).toEqual([200, []]);
  });

  it('never widens: what the parent may not do is refused', async () => {
    for (const name of [`${ACME}/*:pull`, `${ACME}/app2:pull`, `${ACME}-evil/app:pull`]) {
      const { status, json } = await exchange(token, TYPE.access, scopes(name));
      expect([status, json.error]).toEqual([403, 'invalid_scope']);
    }
  });

  const STRANGERS: Record<string, [() => Promise<string> | string, string]> = {
    'a credential': [() => aCredential(), TYPE.access],
    'a credential as a JWT': [() => aCredential(), TYPE.jwt],
    'a credential as a refresh token': [() => aCredential(), TYPE.refresh],
    'an access token of ours': [async () => (await world.deployment.logIn(token)).json.token, TYPE.access],
    'an access token of ours as a JWT': [
      async () => (await world.deployment.logIn(token)).json.token,
      TYPE.jwt,
    ],
    'a registry token that there is not': [() => `plp_${'0'.repeat(87)}`, TYPE.access],
    'a registry token as a refresh token': [() => token, TYPE.refresh],
    'a registry token as an ID token': [() => token, TYPE.id],
    'an access token of the IAM as an ID token': [() => world.deployment.bearerOf('acme:alice'), TYPE.id],
    'a workload as an access token': [() => workloadToken(world, 'dev:acme'), TYPE.access],
    'a workload without trust': [() => workloadToken(world, 'dev:rival'), TYPE.jwt],
    'an API key': [() => world.deployment.apiKeyOf('acme:alice'), TYPE.access],
    'an AWS proof': [() => world.freshProof(), TYPE.access],
    garbage: [() => 'x', TYPE.access],
  };
  const refusals = new Set<string>();

  async function aCredential(): Promise<string> {
    return (await exchange(token, TYPE.access)).json.access_token;
  }

  it.each(Object.entries(STRANGERS))('is refused to %s', async (_, [subjectOf, type]) => {
    const answer = await exchange(await subjectOf(), type);
    expect(answer.status).toBe(401);
    refusals.add(textWithoutId(answer));
  });

  it('is refused as such also with scopes that are wrong: they are read once the token is verified', async () => {
    const answer = await exchange('x', TYPE.access, [['scope', 'no scope']]);
    expect([answer.status, answer.json.error]).toEqual([401, 'invalid_grant']);
  });

  it('is refused with the same words to all of them', () => {
    expect(refusals.size).toBe(1);
    expect(JSON.parse([...refusals].join())).toMatchObject({ error: 'invalid_grant' });
  });
});
