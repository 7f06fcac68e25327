/** Signatures that were verified before: what is remembered of them, and what is verified again. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { issuerKeySet, KEY_SET_FRESH_MS } from '../../lib/iam/issuer-keys.ts';
import { type AccessTokenVerifier, accessTokenVerifier } from '../../lib/iam/signed-token.ts';
import { VerifiedSignatures } from '../../lib/iam/verified-signatures.ts';
import { LoopbackIam } from './loopback-iam.ts';
import { encode, goodClaims, NOW, NOW_MS, signToken, testKey } from './tokens.ts';

const key = testKey('k1');
const LATER_MS = NOW_MS + KEY_SET_FRESH_MS + 1000;
let iam: LoopbackIam;
let verify: AccessTokenVerifier;
const verifications = vi.spyOn(crypto.subtle, 'verify');

beforeEach(async () => {
  iam = await new LoopbackIam().open();
  iam.keys = [key.jwk];
  const issuer = iam.issuer();
  verify = accessTokenVerifier([{ issuer, keys: issuerKeySet(issuer.keysUrl) }]);
  verifications.mockClear();
});
afterEach(async () => iam.close());

const REFUSED = { code: 'unauthenticated' };

describe('a token that was verified before', () => {
  it('is not verified again, and names the same caller', async () => {
    const token = signToken(key);
    const first = await verify(token, NOW_MS);
    expect(await verify(token, NOW_MS)).toEqual(first);
    expect(verifications).toHaveBeenCalledTimes(1);
  });

  it('is refused once it has expired', async () => {
    const token = signToken(key, goodClaims({ exp: NOW + 60 }));
    await verify(token, NOW_MS);
    await expect(verify(token, NOW_MS + 91_000)).rejects.toMatchObject(REFUSED);
  });

  it('is refused once its issuer has removed the key', async () => {
    const token = signToken(key);
    await verify(token, NOW_MS);
    iam.keys = [testKey('k2').jwk];
    await expect(verify(token, LATER_MS)).rejects.toMatchObject(REFUSED);
  });

  it('is refused once its issuer has another key of that name', async () => {
    const token = signToken(key);
    await verify(token, NOW_MS);
    iam.keys = [testKey('k1').jwk];
    await expect(verify(token, LATER_MS)).rejects.toMatchObject({
      details: { reason: 'the signature does not verify' },
    });
  });

  it('is verified again by the keys that were fetched since', async () => {
    const token = signToken(key);
    await verify(token, NOW_MS);
    await verify(token, LATER_MS);
    expect(verifications).toHaveBeenCalledTimes(2);
  });

  it('vouches for no other claims and no other signature', async () => {
    const token = signToken(key);
    await verify(token, NOW_MS);
    const [header, payload, signature] = token.split('.');
    const others = [
      `${header}.${encode(goodClaims({ iam_id: 'IBMid-2' }))}.${signature}`,
      `${header}.${payload}.${signToken(key, goodClaims({ iat: NOW })).split('.')[2]}`,
      `${encode({ alg: 'ES256', kid: 'k1', typ: 'JWT' })}.${payload}.${signature}`,
    ];
    for (const other of others) await expect(verify(other, NOW_MS)).rejects.toMatchObject(REFUSED);
  });
});

describe('what is remembered', () => {
  it('holds no failure', async () => {
    const token = signToken(testKey('k1'));
    for (let i = 0; i < 2; i++) await expect(verify(token, NOW_MS)).rejects.toMatchObject(REFUSED);
    expect(verifications).toHaveBeenCalledTimes(2);
  });

  it('is at most a thousand texts: the oldest is verified again', async () => {
    const signatures = new VerifiedSignatures();
    const known = { key: {} as never, algorithm: undefined };
    const asked = vi.fn(async () => undefined);
    for (let i = 0; i <= 1000; i++) await signatures.check(`${i}`, known, asked);
    await signatures.check('1000', known, asked);
    expect(asked).toHaveBeenCalledTimes(1001);
    await signatures.check('0', known, asked);
    expect(asked).toHaveBeenCalledTimes(1002);
  });
});
