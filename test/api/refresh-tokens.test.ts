/** Refresh tokens of an IAM: exchanged at its token endpoint, as the client that the configuration names. */
import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { signToken } from '../iam/tokens.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { openIam, type TestIssuer } from '../support/platforms.ts';

const SCOPE = 'repository:team-a/app:pull';
const SECRET = 'a+b&c=d é:%/ö';
const secretFile = join(tmpdir(), `pullpass-client-secret-${process.pid}`);

describe('a refresh token of the development IAM', () => {
  let deployment: Deployment;
  let refreshToken: string;
  beforeEach(async () => {
    deployment = await deploy();
    await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
    refreshToken = await deployment.refreshTokenOf(ALICE);
  });
  afterEach(() => deployment.close());

  it('logs in like the API key that it came from', async () => {
    const form = { grant_type: 'password', username: 'iamrefresh', password: refreshToken, scope: SCOPE };
    for (const answer of [
      await deployment.send(`GET /oauth/token?scope=${SCOPE}`, { basic: ['iamrefresh', refreshToken] }),
      await deployment.send('POST /oauth/token', { form }),
    ]) {
      expect([answer.status, claimsOf(answer).sub, grantOf(answer)]).toEqual([200, 'dev:alice', [SCOPE]]);
      expect(answer.json.refresh_token).toBeUndefined();
    }
  });

  it('manages, also what a weak proof may not', async () => {
    const basic = ['iamrefresh', refreshToken] as const;
    const added = await deployment.send('POST /v1/tokens', { basic, json: {} });
    expect(added.status).toBe(201);
    expect((await deployment.send(`GET /v1/tokens/${added.json.id}/value`, { basic })).status).toBe(200);
    const json = { subject: 'mallory', role: 'reader' };
    expect((await deployment.send('POST /v1/policies', { basic, json })).status).toBe(201);
    expect((await deployment.send('GET /v1/identity', { basic })).json).toMatchObject({
      kind: 'iamrefresh',
      subject: 'dev:alice',
      strength: 'strong',
      expiresAt: null,
    });
  });

  it('is neither an access token nor an API key, and these are no refresh tokens', async () => {
    const bearer = await deployment.bearerOf(ALICE);
    const apiKey = await deployment.apiKeyOf(ALICE);
    for (const [userName, password] of [
      ['iambearer', refreshToken],
      ['iamapikey', refreshToken],
      ['oidc', refreshToken],
      ['token', refreshToken],
      ['iamrefresh', bearer],
      ['iamrefresh', apiKey],
    ] as const) {
      const basic = [userName, password] as const;
      expect((await deployment.send('GET /oauth/token', { basic })).status).toBe(401);
      expect((await deployment.send('GET /v1/tokens', { basic })).status).toBe(401);
    }
    expect((await deployment.send('GET /v1/tokens', { bearer: refreshToken })).status).toBe(401);
  });

  it('is remembered for a minute, and forgotten then', async () => {
    const logIn = () => deployment.send('GET /oauth/token', { basic: ['iamrefresh', refreshToken] });
    const asked = () => deployment.exchanges.filter(({ form }) => form.grant_type === 'refresh_token').length;
    for (const [seconds, expected] of [
      [0, 1],
      [59, 1],
      [1, 2],
    ] as const) {
      deployment.wait(seconds);
      expect((await logIn()).status).toBe(200);
      expect(asked()).toBe(expected);
    }
  });
});

describe('the exchange of a refresh token', () => {
  let deployment: Deployment;
  afterEach(() => deployment.close());

  it('says which client asks, in Basic and never in the form, and only for refresh tokens', async () => {
    await writeFile(secretFile, `${SECRET}\n`);
    const client = { id: 'pull:pass', secret: `file:${secretFile}` };
    deployment = await deploy({ iamEntry: { client } });
    const refreshToken = await deployment.refreshTokenOf(ALICE);
    await deployment.send('GET /oauth/token', { basic: ['iamrefresh', refreshToken] });
    await deployment.as(ALICE)('GET /v1/tokens');
    const encoded = 'pull%3Apass:a%2Bb%26c%3Dd+%C3%A9%3A%25%2F%C3%B6';
    expect(deployment.exchanges).toEqual([
      {
        authorization: `Basic ${Buffer.from(encoded).toString('base64')}`,
        form: { grant_type: 'refresh_token', refresh_token: refreshToken },
      },
      {
        authorization: undefined,
        form: expect.objectContaining({ apikey: await deployment.apiKeyOf(ALICE) }),
      },
    ]);
    const { logs } = deployment;
    expect(logs.join('')).not.toContain(SECRET);
    expect(logs.join('')).not.toContain(refreshToken);
  });

  it('says nothing of a client when there is none', async () => {
    deployment = await deploy();
    await deployment.send('GET /oauth/token', {
      basic: ['iamrefresh', await deployment.refreshTokenOf(ALICE)],
    });
    expect(deployment.exchanges.map(({ authorization }) => authorization)).toEqual([undefined]);
  });

  it('goes to the issuer that has a token endpoint, also when another one signed the refresh token', async () => {
    const other: TestIssuer = await openIam();
    deployment = await deploy({ issuers: [other.entry] });
    const foreign = signToken(other.key, other.claims({ apiKeyId: 'x' }));
    const { status } = await deployment.send('GET /oauth/token', { basic: ['iamrefresh', foreign] });
    expect(status).toBe(401);
    expect(deployment.exchanges).toHaveLength(1);
    expect(other.server.requests).toEqual({ keys: 0, token: 0, elsewhere: 0 });
    await other.server.close();
  });

  it('does not happen at all for an issuer without a token endpoint', async () => {
    deployment = await deploy({ iamEntry: { tokenUrl: null } });
    const refreshToken = await deployment.refreshTokenOf(ALICE);
    const { status } = await deployment.send('GET /oauth/token', { basic: ['iamrefresh', refreshToken] });
    expect([status, deployment.exchanges]).toEqual([401, []]);
  });
});
