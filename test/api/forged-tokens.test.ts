/** Hundreds of bad JWTs against the whole chain: none is accepted, and none makes us connect anywhere. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { testKey } from '../iam/tokens.ts';
import { type Deployment, deploy, PUBLIC_URL } from '../support/deployment.ts';
import {
  type Forged,
  forgedAudiences,
  forgedNames,
  forgedTokens,
  type Good,
} from '../support/forged-tokens.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from '../support/platforms.ts';

const ACME = audienceOf('one:acme');

let deployment: Deployment;
let issuers: Record<'one' | 'two' | 'github' | 'github2', TestIssuer>;
let trap: Server;
let trapped = 0;
let iamTokens: Forged;
/** A space before the token belongs to the header, not to the token. */
let inHeaders: Forged;
let workloadTokens: Forged;
const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });

/** What an issuer publishes beside its key: traps for verifiers that look at the name alone. */
function moreKeys(): object[] {
  const secret = Buffer.from('shared-secret').toString('base64url');
  return [
    { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'rsa', use: 'sig', alg: 'RS256' },
    { kty: 'oct', k: secret, kid: 'oct', alg: 'HS256' },
    { ...testKey('enc').jwk, use: 'enc' },
  ];
}

beforeAll(async () => {
  trap = createServer((_, response) => response.end('{"keys":[]}')).listen(0, '127.0.0.1');
  trap.on('connection', () => {
    trapped += 1;
  });
  await once(trap, 'listening');
  issuers = {
    one: await openIam('one'),
    two: await openIam('two'),
    github: await openGitHub(),
    github2: await openGitHub('github2'),
  };
  for (const { server } of Object.values(issuers)) server.keys = [...server.keys, ...moreKeys()];
  deployment = await deploy({
    issuers: Object.values(issuers).map(({ entry }) => entry),
    environment: { PULLPASS_ADMINISTRATORS: 'one:acme:alice two:acme:alice' },
  });
  const iam = goodOf(issuers.one, issuers.two, {});
  const workload = goodOf(issuers.github, issuers.github2, { aud: ACME });
  iamTokens = [
    ...forgedTokens(iam),
    ...forgedAudiences(iam, PUBLIC_URL),
    ...forgedNames(iam, ['iam_id', 'account.bss', 'account']),
  ];
  inHeaders = iamTokens.filter(([, token]) => !token.startsWith(' '));
  workloadTokens = [
    ...forgedTokens(workload),
    ...forgedAudiences(workload, ACME),
    ...forgedNames(workload, ['sub']),
  ];
});
afterAll(async () => {
  await deployment.close();
  for (const { server } of Object.values(issuers)) await server.close();
  trap.close();
});

function goodOf(issuer: TestIssuer, other: TestIssuer, overrides: Record<string, unknown>): Good {
  const { port } = trap.address() as AddressInfo;
  return {
    key: issuer.key,
    foreignKey: other.key,
    rsa,
    claims: issuer.claims(overrides),
    foreignIssuer: String(other.claims().iss),
    trap: `http://127.0.0.1:${port}`,
  };
}

/** A body holds more than a header, so that the size is not what refuses a token. */
async function logIn(username: string, password: string): Promise<number> {
  const form = { grant_type: 'password', username, password };
  return (await deployment.send('POST /oauth/token', { form })).status;
}

async function logInByHeader(userName: string, password: string): Promise<number> {
  return (await deployment.send('GET /oauth/token', { basic: [userName, password] })).status;
}

async function manage(bearer: string): Promise<number> {
  return (await deployment.send('GET /v1/tokens', { bearer })).status;
}

const isTooLong = (token: string) => token.length > 5000;

/** The tokens that were not refused as a bad secret is, or for their length. */
async function deviations(forged: Forged, present: (token: string) => Promise<number>): Promise<unknown[]> {
  const odd: unknown[] = [];
  for (const [what, token] of forged) {
    const status = await present(token);
    if (status !== 401 && !(isTooLong(token) && (status === 413 || status === 431))) odd.push([what, status]);
  }
  return odd;
}

describe('a token', () => {
  it('is accepted when nothing is wrong with it: what follows is refused for its one fault', async () => {
    expect(await logIn('iambearer', issuers.one.token())).toBe(200);
    expect(await logIn('iambearer', issuers.two.token())).toBe(200);
    expect(await manage(issuers.one.token())).toBe(200);
    expect(await logIn('oidc', issuers.github.token({ aud: ACME }))).toBe(200);
    expect(await logIn('iambearer', issuers.one.token({ aud: [PUBLIC_URL], nbf: undefined }))).toBe(200);
  });

  it('of an IAM is refused at the login endpoint, by POST', async () => {
    expect(await deviations(iamTokens, token => logIn('iambearer', token))).toEqual([]);
  });

  it('of an IAM is refused at the login endpoint, by GET', async () => {
    expect(await deviations(iamTokens, token => logInByHeader('iambearer', token))).toEqual([]);
  });

  it('of an IAM is refused by the management API', async () => {
    expect(await deviations(inHeaders, manage)).toEqual([]);
  });

  it('of a build platform is refused at the login endpoint', async () => {
    expect(await deviations(workloadTokens, token => logIn('oidc', token))).toEqual([]);
    expect(await deviations(workloadTokens, token => logInByHeader('oidc', token))).toEqual([]);
  });

  it('of the one kind of issuer is none of the other', async () => {
    expect(await logIn('oidc', issuers.one.token())).toBe(401);
    expect(await logIn('oidc', issuers.one.token({ aud: ACME, sub: 'alice' }))).toBe(401);
    expect(await logIn('iambearer', issuers.github.token({ aud: ACME }))).toBe(401);
    const names = { aud: PUBLIC_URL, iam_id: 'alice', account: { bss: 'acme' } };
    expect(await manage(issuers.github.token(names))).toBe(401);
  });

  it('causes no connection to where it points, and hardly any to the issuers', async () => {
    expect(trapped).toBe(0);
    for (const { server } of Object.values(issuers)) {
      expect(server.requests).toMatchObject({ token: 0, elsewhere: 0 });
      // One by the login function, one by that of the management API.
      expect(server.requests.keys).toBeLessThanOrEqual(2);
    }
  });

  it('is one of many', () => {
    const tokens = new Set([...iamTokens, ...workloadTokens].map(([, token]) => token));
    expect(new Set(iamTokens.map(([what]) => what)).size).toBeGreaterThan(450);
    expect(tokens.size).toBeGreaterThan(900);
  });
});
