/** What a login leaves in the log: one line, from which an administrator can tell why, and no secret. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ALICE, BOB, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import { type Received, textWithoutId } from '../support/events.ts';
import { eventsOf, type LogEvent } from '../support/logs.ts';
import { audienceOf, openGitHub, type TestIssuer } from '../support/platforms.ts';
import { SERVICE } from '../support/records.ts';

let deployment: Deployment;
let github: TestIssuer;
const made: string[] = [];
/** Everything secret that was ever sent. */
const secrets: string[] = [];

beforeAll(async () => {
  github = await openGitHub();
  deployment = await deploy({ issuers: [github.entry] });
  for (const name of ['team-a', 'team-b']) await deployment.as(ALICE)(`PUT /v1/namespaces/${name}`);
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
});
afterEach(async () => {
  for (const path of made.splice(0)) await deployment.as(ALICE)(`DELETE ${path}`);
});
afterAll(async () => {
  const written = deployment.logs.join('');
  await deployment.close();
  await github.server.close();
  const spellings = secrets.flatMap(secret => [
    secret,
    Buffer.from(secret).toString('base64'),
    encodeURIComponent(secret),
  ]);
  expect(secrets.length).toBeGreaterThan(60);
  expect(spellings.filter(spelling => written.includes(spelling))).toEqual([]);
});

async function make(path: string, json: object): Promise<void> {
  const { json: rule } = await deployment.as(ALICE)(`POST ${path}`, { json });
  made.push(`${path}/${rule.id}`);
}

async function logIn(userName: string, password: string, ...scopes: string[]): Promise<Received> {
  secrets.push(password);
  const query = scopes.map(scope => `&scope=repository:${scope}`).join('');
  return deployment.send(`GET /oauth/token?service=${SERVICE.name}${query}`, { basic: [userName, password] });
}

/** The one line that a login left. */
function lineOf(answer: Received): LogEvent {
  const [event = {}, ...others] = eventsOf(deployment, answer);
  expect(others).toEqual([]);
  return event;
}

describe('a login that got less than it asked for', () => {
  const as = async (who: string, ...scopes: string[]) =>
    lineOf(await logIn('iamapikey', await deployment.apiKeyOf(who), ...scopes));

  it('says who it was, in which account, and what was given', async () => {
    expect(await as(ALICE, 'team-a/app:pull,push', 'rival/app:pull')).toMatchObject({
      message: 'login',
      requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
      sourceAddress: '192.0.2.1',
      userName: 'iamapikey',
      account: 'dev:acme',
      subject: 'dev:alice',
      registryService: SERVICE.name,
      requested: 'repository:team-a/app:pull,push repository:rival/app:pull',
      granted: 'repository:team-a/app:pull,push',
      missing: 'rival/app:namespace-not-held',
    });
  });

  it('says that no policy names the caller, also where the account holds the namespace', async () => {
    expect(await as(MALLORY, 'team-a/app:pull')).toMatchObject({
      account: 'dev:acme',
      subject: 'dev:mallory',
      missing: 'team-a/app:caller-not-named',
    });
  });

  it('says which repository no policy reaches, and which action none allows', async () => {
    await make('/v1/policies', { subject: 'mallory', role: 'reader', repositories: ['team-a/*'] });
    expect(await as(MALLORY, 'team-a/app:pull,push', 'team-b/app:pull', 'team-a/x:pull')).toMatchObject({
      granted: 'repository:team-a/app:pull repository:team-a/x:pull',
      missing: 'team-a/app:action-not-allowed team-b/app:repository-not-allowed',
    });
  });

  it('says it of registry tokens too', async () => {
    const { json } = await deployment.as(ALICE)('POST /v1/tokens', { json: { repositories: ['team-a/*'] } });
    const answer = await logIn('token', json.token, 'team-a/app:push', 'team-b/app:pull', 'rival/app:pull');
    expect(lineOf(answer)).toMatchObject({
      userName: 'token',
      subject: `token:${json.id}`,
      account: 'dev:acme',
      missing: 'team-a/app:action-not-allowed team-b/app:repository-not-allowed rival/app:namespace-not-held',
    });
  });

  it('says of a workload without trust which account it asked for', async () => {
    const token = github.token({ aud: audienceOf('dev:acme') });
    const line = lineOf(await logIn('oidc', token, 'team-a/app:pull'));
    expect(line).toMatchObject({
      userName: 'oidc',
      subject: 'github:repo:octo-org/octo-repo:ref:refs/heads/main',
      accountHandle: accountHandle('dev:acme'),
      missing: 'team-a/app:caller-not-named',
    });
    expect(line.account).toBeUndefined();
  });

  it('says of a workload with a trust what that lacks', async () => {
    const claims = { repository_id: '74', repository_owner_id: '65' };
    await make('/v1/trusts', { issuer: 'github', claims, repositories: ['team-a/*'] });
    const token = github.token({ aud: audienceOf('dev:acme') });
    expect(lineOf(await logIn('oidc', token, 'team-a/app:push', 'team-b/app:pull'))).toMatchObject({
      account: 'dev:acme',
      accountHandle: accountHandle('dev:acme'),
      missing: 'team-a/app:action-not-allowed team-b/app:repository-not-allowed',
    });
  });

  it('repeats no text that could be a secret', async () => {
    const apiKey = await deployment.apiKeyOf(ALICE);
    const line = await as(ALICE, `${apiKey}:pull`, `team-a/app:${apiKey}`);
    expect([line.requested, line.missing]).toEqual([
      undefined,
      'not-a-repository team-a/app:action-not-allowed',
    ]);
  });

  it('lacks nothing when everything was given', async () => {
    const line = await as(ALICE, 'team-a/app:pull');
    expect([line.granted, line.missing]).toEqual(['repository:team-a/app:pull', undefined]);
  });
});

describe('a login that was refused', () => {
  const REGISTRY_TOKEN = `plp_${'0'.repeat(87)}`;
  const CREDENTIAL = `plc_${'0'.repeat(87)}`;
  const PRESIGNED = 'https://sts.amazonaws.com/?Action=GetCallerIdentity';
  const OPAQUE = 'api-key-that-is-unknown-0123456789';

  /** A password of each kind in the place of every other. */
  const WRONG: Record<string, (readonly [string, string])[]> = {
    token: [
      ['an access token', 'token with a signed token'],
      ['a presigned request', 'token with a presigned request'],
      ['an API key', 'token: malformed'],
      ['a credential', 'credential: not one of ours'],
    ],
    iamapikey: [
      ['a registry token', 'iamapikey with a registry token'],
      ['a credential', 'iamapikey with a credential'],
      ['an access token', 'iamapikey with a signed token'],
      ['a presigned request', 'iamapikey with a presigned request'],
      ['an unknown API key', 'the exchange was answered with status 400'],
      ['a short text', 'not what iamapikey takes'],
    ],
    iamrefresh: [
      ['a registry token', 'iamrefresh with a registry token'],
      ['a credential', 'iamrefresh with a credential'],
      ['a presigned request', 'iamrefresh with a presigned request'],
      ['an access token', 'the exchange was answered with status 400'],
      ['an API key', 'the exchange was answered with status 400'],
    ],
    iambearer: [
      ['a registry token', 'iambearer with a registry token'],
      ['a credential', 'iambearer with a credential'],
      ['a presigned request', 'iambearer with a presigned request'],
      ['an API key', 'not a signed token'],
      ['a workload token', 'no configured issuer'],
      ['a refresh token', 'no configured issuer'],
    ],
    oidc: [
      ['a registry token', 'oidc with a registry token'],
      ['a credential', 'oidc with a credential'],
      ['a presigned request', 'oidc with a presigned request'],
      ['an API key', 'not a signed token'],
      ['an access token', 'no configured issuer'],
    ],
    awsiam: [
      ['a registry token', 'awsiam with a registry token'],
      ['a credential', 'awsiam with a credential'],
      ['an access token', 'awsiam with a signed token'],
      ['an API key', 'AWS callers are not configured'],
    ],
  };
  const CASES = Object.entries(WRONG).flatMap(([userName, rows]) =>
    rows.map(([password, reason]) => [userName, password, reason] as const),
  );

  it.each(CASES)('with %s and %s is 401, and the log says: %s', async (userName, password, reason) => {
    const passwords: Record<string, () => Promise<string> | string> = {
      'a registry token': () => REGISTRY_TOKEN,
      'a credential': () => CREDENTIAL,
      'a presigned request': () => PRESIGNED,
      'an unknown API key': () => OPAQUE,
      'a short text': () => 'hunter2',
      'an API key': () => deployment.apiKeyOf(ALICE),
      'an access token': () => deployment.bearerOf(ALICE),
      'a refresh token': () => deployment.refreshTokenOf(ALICE),
      'a workload token': () => github.token({ aud: audienceOf('dev:acme') }),
    };
    const before = deployment.exchanges.length;
    const answer = await logIn(userName, (await passwords[password]?.()) ?? '', 'team-a/app:pull');
    expect(answer.status).toBe(401);
    expect(lineOf(answer)).toMatchObject({
      message: 'refused',
      code: 'unauthenticated',
      userName,
      reason,
      method: 'GET',
      route: '/oauth/token',
      sourceAddress: '192.0.2.1',
    });
    const exchanged = deployment.exchanges.length > before;
    expect(exchanged).toBe(reason.startsWith('the exchange was'));
  });

  it('with a user name that there is not names none: it could be a secret in the wrong place', async () => {
    secrets.push(OPAQUE);
    const answer = await logIn(OPAQUE, 'hunter2', 'team-a/app:pull');
    const line = lineOf(answer);
    expect([answer.status, line.reason, line.userName]).toEqual([401, 'unknown user name', undefined]);
  });

  it('gives every caller the same answer, with different reasons in the log', async () => {
    const answers = await Promise.all(
      CASES.map(async ([userName]) =>
        textWithoutId(await logIn(userName, REGISTRY_TOKEN, 'team-a/app:pull')),
      ),
    );
    expect(new Set(answers).size).toBe(1);
  });
});
