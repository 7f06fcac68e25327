/** Tokens of workloads: whom they name, and for which account of which deployment. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { WorkloadIssuer } from '../../lib/domain/identity.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { workloadVerifier } from '../../lib/iam/verifier.ts';
import { LoopbackIam } from './loopback-iam.ts';
import { NOW, NOW_MS, signToken, testKey } from './tokens.ts';

const PUBLIC_URL = 'https://pullpass.example';
const HANDLE = accountHandle('test:acct-1');
const AUDIENCE = `${PUBLIC_URL}/accounts/${HANDLE}`;
const key = testKey('k1');
let iam: LoopbackIam;

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
});
afterEach(async () => iam.close());

function verify(
  differing: Record<string, unknown>,
  nowMs = NOW_MS,
  configured: Partial<WorkloadIssuer> = {},
) {
  const issuer: WorkloadIssuer = {
    key: 'github',
    platform: 'github',
    issuer: 'https://token.example',
    keysUrl: `${iam.url}/keys`,
    ...configured,
  };
  const good = { iss: issuer.issuer, aud: AUDIENCE, sub: 'repo:a/b', iat: NOW - 10, exp: NOW + 300 };
  const token = new Secret(signToken(key, { ...good, ...differing }));
  return workloadVerifier({ issuers: [issuer], publicUrl: PUBLIC_URL }).verify(token, nowMs);
}

describe('a token of a workload', () => {
  it.each([
    ['of an account', AUDIENCE],
    ['of an account, in a list of one', [AUDIENCE]],
  ])('for the audience %s names the workload, the account and all claims', async (_, aud) => {
    expect(await verify({ aud, ref: 'main' })).toEqual({
      issuer: 'github',
      platform: 'github',
      handle: HANDLE,
      subject: 'github:repo:a/b',
      claims: expect.objectContaining({ sub: 'repo:a/b', ref: 'main' }),
      expiresAt: NOW + 300,
    });
  });

  const OTHER = 'the token is for another audience';
  const SEVERAL = 'the token is for several audiences';
  const ENDED = 'the token has expired';
  const NO_SUBJECT = 'the sub claim is not an identifier';
  it.each<[string, Record<string, unknown>, string]>([
    ['no audience', { aud: undefined }, OTHER],
    ['an empty audience', { aud: '' }, OTHER],
    ['an audience that is no text', { aud: 7 }, OTHER],
    ['two audiences', { aud: [AUDIENCE, 'https://other.example'] }, SEVERAL],
    ['its audience twice', { aud: [AUDIENCE, AUDIENCE] }, SEVERAL],
    ['an audience in a list of lists', { aud: [[AUDIENCE]] }, OTHER],
    ['the deployment alone', { aud: PUBLIC_URL }, OTHER],
    ['no handle', { aud: `${PUBLIC_URL}/accounts/` }, OTHER],
    ['a handle alone', { aud: HANDLE }, OTHER],
    ['another deployment whose name is as long', { aud: AUDIENCE.replace('pullpass', 'PULLPASS') }, OTHER],
    ['another path', { aud: AUDIENCE.replace('accounts', 'ACCOUNTS') }, OTHER],
    ['something behind the handle', { aud: `${AUDIENCE}/x` }, OTHER],
    ['a handle that is none', { aud: `${PUBLIC_URL}/accounts/${HANDLE.toUpperCase()}x` }, OTHER],
    ['no subject', { sub: undefined }, NO_SUBJECT],
    ['an empty subject', { sub: '' }, NO_SUBJECT],
    ['a subject that is a list', { sub: ['a'] }, NO_SUBJECT],
    ['an end that is past', { exp: NOW - 30 }, ENDED],
  ])('is refused for %s', async (_, differing, reason) => {
    await expect(verify(differing)).rejects.toMatchObject({ code: 'unauthenticated', details: { reason } });
  });

  it('is held to the time at which it is verified, in seconds', async () => {
    await expect(verify({}, NOW_MS + 330_000)).rejects.toMatchObject({ details: { denial: 'expired' } });
    expect(await verify({}, NOW_MS + 329_999)).toMatchObject({ handle: HANDLE });
  });
});

describe('a list of audiences', () => {
  const RUNNER = 'https://runner.example';
  const withOthers = (aud: unknown) => verify({ aud }, NOW_MS, { otherAudiences: [RUNNER, 'account'] });

  it.each([
    ['ours alone', AUDIENCE],
    ['ours in a list', [AUDIENCE]],
    ['ours first', [AUDIENCE, RUNNER]],
    ['ours last', ['account', RUNNER, AUDIENCE]],
  ])('is accepted with the others that the issuers file names: %s', async (_, aud) => {
    expect(await withOthers(aud)).toMatchObject({ handle: HANDLE });
  });

  it.each([
    ['one that is not named', [AUDIENCE, 'https://elsewhere.example']],
    ['one that is not named, beside one that is', [AUDIENCE, RUNNER, 'https://elsewhere.example']],
    ['two accounts', [AUDIENCE, `${PUBLIC_URL}/accounts/${accountHandle('test:acct-2')}`]],
    ['the others alone', [RUNNER]],
    ['another one as a text', RUNNER],
  ])('is refused with %s', async (_, aud) => {
    await expect(withOthers(aud)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});

describe('the life of a token', () => {
  const DAY = 86_400;
  const living = (seconds: number, configured: Partial<WorkloadIssuer> = {}) =>
    verify({ iat: NOW, exp: NOW + seconds }, NOW_MS, configured);
  const gitlab: Partial<WorkloadIssuer> = { platform: 'gitlab' };

  it.each<[string, number, Partial<WorkloadIssuer>]>([
    ['a day', DAY, {}],
    ['as long as the longest job, at GitLab', 31 * DAY, gitlab],
    ['as long as the issuers file says', 7 * DAY, { platform: 'kubernetes', maxLifetimeSeconds: 7 * DAY }],
    ['as short as the issuers file says', 3600, { ...gitlab, maxLifetimeSeconds: 3600 }],
  ])('may be %s', async (_, seconds, configured) => {
    expect(await living(seconds, configured)).toMatchObject({ expiresAt: NOW + seconds });
    await expect(living(seconds + 1, configured)).rejects.toMatchObject({
      details: { reason: 'the token is valid for too long' },
    });
  });
});
