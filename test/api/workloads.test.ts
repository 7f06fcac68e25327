/** Workloads of build platforms: what their tokens look like, which trusts let them in, and what that gives. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { signToken, testKey } from '../iam/tokens.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { ALICE, BOB, type Deployment, deploy, PUBLIC_URL } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { audienceOf, openGitHub, openGitLab, openKubernetes, type TestIssuer } from '../support/platforms.ts';
import { NOW } from '../support/records.ts';

const ACME = audienceOf('dev:acme');
const RIVAL = audienceOf('dev:rival');
const UID = 'kubernetes.io/serviceaccount/uid';
/** What a trust of each platform cannot do without, as the tokens of the platforms have it. */
const ENOUGH = {
  github: { repository_id: '74', repository_owner_id: '65' },
  gitlab: { project_id: '20' },
  kubernetes: { sub: 'system:serviceaccount:build:pusher', [UID]: '14ee3fa4' },
} as const;
type Key = keyof typeof ENOUGH;
const KEYS = Object.keys(ENOUGH) as Key[];
/** What it also needs to let push. */
const FOR_PUSH = { github: { ref: 'refs/heads/main' }, gitlab: { ref_protected: 'true' }, kubernetes: {} };

let deployment: Deployment;
let platforms: Record<Key | 'github2', TestIssuer>;
const made: string[] = [];

beforeAll(async () => {
  platforms = {
    github: await openGitHub(),
    gitlab: await openGitLab(),
    kubernetes: await openKubernetes(),
    github2: await openGitHub('github2'),
  };
  deployment = await deploy({ issuers: Object.values(platforms).map(({ entry }) => entry) });
  for (const name of ['team-a', 'team-b']) await deployment.as(ALICE)(`PUT /v1/namespaces/${name}`);
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
});
afterAll(async () => {
  await deployment.close();
  for (const { server } of Object.values(platforms)) await server.close();
});
afterEach(async () => {
  for (const id of made.splice(0)) await deployment.as(ALICE)(`DELETE /v1/trusts/${id}`);
});

async function trust(key: Key | 'github2', facts: object = {}): Promise<Received> {
  const claims = ENOUGH[key === 'github2' ? 'github' : key];
  const answer = await deployment.as(ALICE)('POST /v1/trusts', { json: { issuer: key, claims, ...facts } });
  if (answer.status === 201) made.push(answer.json.id);
  return answer;
}

const SCOPES = ['team-a/app', 'team-b/app', 'rival/app'].map(name => `scope=repository:${name}:*`).join('&');

function logIn(token: string, query = SCOPES): Promise<Received> {
  return deployment.send(`GET /oauth/token?${query}`, { basic: ['oidc', token] });
}

async function given(token: string): Promise<string[]> {
  const answer = await logIn(token);
  expect(answer.status, answer.text).toBe(200);
  return grantOf(answer).map(line => line.replace('repository:', ''));
}

describe.each(KEYS)('a workload of %s', key => {
  const token = (overrides: Record<string, unknown> = {}) =>
    platforms[key].token({ aud: ACME, ...overrides });

  it('logs in, and gets nothing without a trust', async () => {
    const answer = await logIn(token());
    expect([answer.status, grantOf(answer)]).toEqual([200, []]);
    expect(claimsOf(answer).sub).toBe(`${key}:${platforms[key].claims().sub}`);
  });

  it('logs in without a scope, which says that the token is good', async () => {
    const answer = await logIn(token(), 'account=x');
    expect([answer.status, claimsOf(answer).access]).toEqual([200, []]);
  });

  it('pulls where a trust lets it', async () => {
    await trust(key, { repositories: ['team-a/*'] });
    expect(await given(token())).toEqual(['team-a/app:pull']);
  });

  it('pushes where a trust lets it', async () => {
    await trust(key, { access: 'push', claims: { ...ENOUGH[key], ...FOR_PUSH[key] } });
    expect(await given(token())).toEqual(['team-a/app:pull,push', 'team-b/app:pull,push']);
  });

  it('gets nothing any more once the trust is removed', async () => {
    const { id } = (await trust(key)).json;
    expect(await given(token())).toEqual(['team-a/app:pull', 'team-b/app:pull']);
    await deployment.as(ALICE)(`DELETE /v1/trusts/${id}`);
    expect(await given(token())).toEqual([]);
  });

  it.each([
    ['another deployment', 'https://other.example/accounts/'.concat(ACME.slice(-16))],
    ['another deployment whose name is as long', ACME.replace('pullpass', 'pullpasz')],
    ['this deployment without TLS', ACME.replace('https', 'http')],
    ['another path of this deployment', ACME.replace('accounts', 'Accounts')],
    ['this deployment without an account', PUBLIC_URL],
    ['this deployment and no handle', `${PUBLIC_URL}/accounts/`],
    ['half a handle', ACME.slice(0, -1)],
    ['a handle with more behind it', `${ACME}/`],
    ['a handle and one more letter', `${ACME}0`],
    ['the account by its name', `${PUBLIC_URL}/accounts/dev:acme`],
    ['two accounts', [ACME, RIVAL]],
    ['one account twice', [ACME, ACME]],
    ['one account and another receiver', [ACME, 'sts.amazonaws.com']],
    ['a list in a list', [[ACME]]],
    ['no receiver', undefined],
    ['an empty list', []],
    ['a number', 7],
  ])('is refused with a token for %s', async (_, aud) => {
    await trust(key);
    expect((await logIn(token({ aud }))).status).toBe(401);
  });

  it('may have its audience as a list of one', async () => {
    await trust(key);
    expect(await given(token({ aud: [ACME] }))).toHaveLength(2);
  });

  it('has no share in what another account trusts, even if it names that account', async () => {
    await trust(key);
    expect(await given(token({ aud: RIVAL }))).toEqual([]);
    expect(await given(token())).toEqual(['team-a/app:pull', 'team-b/app:pull']);
  });

  it('gets an access token that ends with its own, but never before a minute', async () => {
    await trust(key);
    const expiresIn = async (exp: number) => (await logIn(token({ exp }))).json.expires_in;
    expect(await expiresIn(NOW + 600)).toBe(300);
    expect(await expiresIn(NOW + 200)).toBe(200);
    expect(await expiresIn(NOW + 5)).toBe(60);
  });

  it('gets an access token that lives as long as the shortest of its trusts lets it', async () => {
    await trust(key, { lifetimeSeconds: 200 });
    await trust(key, { lifetimeSeconds: 90 });
    await trust(key, { lifetimeSeconds: 60, claims: { ...ENOUGH[key], sub: 'another' } });
    expect((await logIn(token())).json.expires_in).toBe(90);
  });

  it('is refused when its token has expired, was signed by another issuer, or names no caller', async () => {
    await trust(key);
    const forged = signToken(testKey('k1'), platforms[key].claims({ aud: ACME }));
    const bad = [
      token({ exp: NOW - 31 }),
      forged,
      token({ sub: undefined }),
      token({ sub: '' }),
      token({ iss: PUBLIC_URL }),
    ];
    for (const secret of bad) expect((await logIn(secret)).status).toBe(401);
  });

  it('may manage nothing, and gets no identity', async () => {
    await trust(key);
    for (const line of ['GET /v1/tokens', 'GET /v1/identity', 'POST /v1/policies']) {
      for (const sent of [
        { bearer: token() },
        { basic: ['oidc', token()] as const },
        { basic: ['iambearer', token()] as const },
      ]) {
        expect((await deployment.send(line, { json: {}, ...sent })).status).toBe(401);
      }
    }
  });
});

describe('both forms of the subject at GitHub', () => {
  const FORMS = [
    ['mutable', 'repo:octo-org/octo-repo:ref:refs/heads/main'],
    ['immutable', 'repo:octo-org@65/octo-repo@74:ref:refs/heads/main'],
    ['of an environment', 'repo:octo-org/octo-repo:environment:production'],
    ['of a pull request', 'repo:octo-org@65/octo-repo@74:pull_request'],
  ] as const;
  it.each(FORMS)('name the workload: %s', async (_, sub) => {
    const token = platforms.github.token({ aud: ACME, sub });
    await trust('github');
    expect(claimsOf(await logIn(token)).sub).toBe(`github:${sub}`);
    expect(await given(token)).toHaveLength(2);
  });

  it('are distinguished by a trust that names one', async () => {
    const [[, mutable], [, immutable]] = FORMS;
    await trust('github', { claims: { ...ENOUGH.github, sub: immutable } });
    expect(await given(platforms.github.token({ aud: ACME, sub: mutable }))).toEqual([]);
    expect(await given(platforms.github.token({ aud: ACME, sub: immutable }))).toHaveLength(2);
  });
});

describe('a trust', () => {
  it('reads exact values: no branch, project or account of another name', async () => {
    await trust('github', { access: 'push', claims: { ...ENOUGH.github, ref: 'refs/heads/main' } });
    for (const other of [
      { ref: 'refs/heads/main2' },
      { ref: 'refs/heads/Main' },
      { ref: undefined },
      { ref: ['refs/heads/main'] },
      { repository_id: '740' },
      { repository_id: 74 },
      { repository_owner_id: '66' },
    ]) {
      expect(await given(platforms.github.token({ aud: ACME, ...other }))).toEqual([]);
    }
    expect(await given(platforms.github.token({ aud: ACME, actor: 'mallory' }))).toHaveLength(2);
  });

  it('is for the workloads of its own issuer, also where another has equal claims and an equal kid', async () => {
    await trust('github2');
    expect(await given(platforms.github.token({ aud: ACME }))).toEqual([]);
    expect(await given(platforms.github2.token({ aud: ACME }))).toHaveLength(2);
    const forged = platforms.github.claims({ aud: ACME, iss: 'https://github2.example' });
    expect((await logIn(signToken(platforms.github.key, forged))).status).toBe(401);
  });

  it('gets nothing in a namespace of another account, although its patterns name it', async () => {
    await trust('github', { repositories: ['rival/*', 'rival/app', 'team-b/app'] });
    expect(await given(platforms.github.token({ aud: ACME }))).toEqual(['team-b/app:pull']);
  });

  it('adds to other trusts', async () => {
    await trust('gitlab', { repositories: ['team-a/*'] });
    await trust('gitlab', {
      repositories: ['team-b/*'],
      access: 'push',
      claims: { project_id: '20', ref_protected: 'true' },
    });
    const token = (facts = {}) => platforms.gitlab.token({ aud: ACME, ...facts });
    expect(await given(token())).toEqual(['team-a/app:pull', 'team-b/app:pull,push']);
    expect(await given(token({ ref_protected: 'false' }))).toEqual(['team-a/app:pull']);
  });

  it('is answered as it was made, and listed with its account only', async () => {
    const answer = await trust('kubernetes', { lifetimeSeconds: 600, repositories: ['team-a/*'] });
    expect(answer).toMatchObject({ status: 201, headers: { location: `/v1/trusts/${answer.json.id}` } });
    expect(answer.json).toEqual({
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      issuer: 'kubernetes',
      claims: ENOUGH.kubernetes,
      access: 'pull',
      repositories: ['team-a/*'],
      networks: null,
      lifetimeSeconds: 600,
      createdAt: '2026-11-21T07:00:00Z',
      createdBy: 'dev:alice',
    });
    expect((await deployment.as(ALICE)('GET /v1/trusts')).json).toEqual({ trusts: [answer.json] });
    expect((await deployment.as(BOB)('GET /v1/trusts')).json).toEqual({ trusts: [] });
    expect((await deployment.as(BOB)(`DELETE /v1/trusts/${answer.json.id}`)).status).toBe(404);
    expect((await deployment.as(ALICE)(`DELETE /v1/policies/${answer.json.id}`)).status).toBe(404);
  });

  it('pulls everywhere for an hour unless it says otherwise', async () => {
    const { json } = await trust('gitlab');
    expect([json.access, json.repositories, json.lifetimeSeconds]).toEqual(['pull', null, 3600]);
  });

  it('is refused without the numbers that no name can take over, with a sentence that says so', async () => {
    const { status, json } = await trust('github', { claims: { repository: 'octo-org/octo-repo' } });
    expect([status, json.errors]).toEqual([
      400,
      [{ path: '', message: 'claims must name repository_id and repository_owner_id' }],
    ]);
  });

  it.each<[string, Key, object, string]>([
    ['an issuer that is none', 'github', { issuer: 'dev' }, 'issuer'],
    ['an issuer that is not configured', 'github', { issuer: 'circleci' }, 'issuer'],
    ['pushing from every branch', 'github', { access: 'push' }, ''],
    ['pushing from unprotected branches', 'gitlab', { access: 'push' }, ''],
    [
      'a service account without its uid',
      'kubernetes',
      { claims: { sub: 'system:serviceaccount:build:pusher' } },
      '',
    ],
    ['no claims', 'github', { claims: {} }, ''],
    ['claims that are no object', 'github', { claims: 'repository_id=74' }, 'claims'],
    ['claims in a list', 'github', { claims: [] }, ''],
    ['a claim that is no text', 'gitlab', { claims: { project_id: 20 } }, 'claims.?'],
    ['an empty claim', 'gitlab', { claims: { project_id: '' } }, 'claims.?'],
    ['a ref with a star', 'github', { claims: { ...ENOUGH.github, ref: 'refs/heads/*' } }, 'claims'],
    ['a ref without its beginning', 'github', { claims: { ...ENOUGH.github, ref: 'main' } }, 'claims'],
    ['a branch with a star', 'gitlab', { claims: { ...ENOUGH.gitlab, ref: 'release/*' } }, 'claims'],
    ['a project by its name', 'gitlab', { claims: { project_id: 'acme/app' } }, 'claims'],
    ['a claim with half a letter', 'gitlab', { claims: { project_id: '\ud83e' } }, 'claims.?'],
    ['a claim that is too long', 'gitlab', { claims: { project_id: 'x'.repeat(513) } }, 'claims.?'],
    ['a claim without a name', 'gitlab', { claims: { project_id: '20', '': 'x' } }, 'claims.?'],
    [
      'a claim with a path that ends in a slash',
      'gitlab',
      { claims: { project_id: '20', 'a/': 'x' } },
      'claims.?',
    ],
    [
      'seventeen claims',
      'gitlab',
      { claims: Object.fromEntries([...'abcdefghijklmnop', 'project_id'].map(name => [name, 'x'])) },
      'claims',
    ],
    ['access to delete', 'github', { access: 'delete' }, 'access'],
    ['no repositories at all', 'github', { repositories: [] }, 'repositories'],
    ['a pattern that is none', 'github', { repositories: ['*'] }, 'repositories[0]'],
    ['less than a minute', 'github', { lifetimeSeconds: 59 }, 'lifetimeSeconds'],
    ['more than an hour', 'github', { lifetimeSeconds: 3601 }, 'lifetimeSeconds'],
    ['half a second', 'github', { lifetimeSeconds: 60.5 }, 'lifetimeSeconds'],
    ['a member that is not known', 'github', { subject: '*' }, 'subject'],
  ])('is refused for %s', async (_, key, facts, path) => {
    const { status, json } = await trust(key, facts);
    expect([status, json.errors?.map((error: { path: string }) => error.path)]).toEqual([400, [path]]);
  });

  it('is refused in our words, not in those of a library', async () => {
    const { json } = await trust('github', { issuer: 'circleci' });
    expect(json.errors).toEqual([
      {
        path: 'issuer',
        message: expect.stringMatching(/^must be the key of a build platform in the configuration: .*github/),
      },
    ]);
  });

  it.each(['__proto__', 'constructor', 'toString'])('is not made by the claim %s', async name => {
    const body = `{"issuer":"gitlab","claims":{"${name}":"20"}}`;
    const headers = { 'content-type': 'application/json' };
    expect((await deployment.as(ALICE)('POST /v1/trusts', { body, headers })).status).toBe(400);
  });
});
