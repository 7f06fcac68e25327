/** Every reason for which an access token is refused, with tokens that our own key has signed. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { publicJwk, toPublicPem } from '../../lib/signing/keys.ts';
import { readRingDocument } from '../../lib/signing/ring.ts';
import { activateKey, maintainRing } from '../../lib/signing/ring-rotation.ts';
import { accessTokenVerifier } from '../../lib/signing/verifier.ts';
import { claimsFor, context, ISSUER, KID, NOW } from './context.ts';

const CLAIMS = { ...claimsFor(KID, NOW), nbf: NOW, exp: NOW + 86_400 };
const encode = (part: unknown) =>
  Buffer.from(typeof part === 'string' ? part : JSON.stringify(part)).toString('base64url');

/** More than ten thousand lists, in fewer bytes than a token may have. */
const MANY = JSON.parse(
  `[${Array(600)
    .fill(`${'['.repeat(17)}${']'.repeat(17)}`)
    .join()}]`,
);

/** A service with its key, which signs any payload, and the verifier. */
async function world() {
  const { directory, textOf } = await context([KID]);
  await maintainRing(KID, directory, NOW);
  const { keys } = readRingDocument(await textOf(KID, 'ring.json'), KID.name);
  const { kid = '', privateKey = '' } = keys.find(({ useFrom }) => useFrom === NOW) ?? {};
  const signed = (claims: unknown, header: unknown = { alg: 'ES256', kid }) => {
    const input = `${encode(header)}.${encode(claims)}`;
    const key = createPrivateKey(privateKey);
    const signature = sign('sha256', Buffer.from(input), { key, dsaEncoding: 'ieee-p1363' });
    return `${input}.${signature.toString('base64url')}`;
  };
  const verify = (token: string, now = NOW) =>
    accessTokenVerifier(directory, ISSUER).verify(KID, new Secret(token), now);
  const expectRefusal = async (token: string, reason: string, now = NOW) =>
    expect(verify(token, now)).rejects.toMatchObject({
      code: 'unauthenticated',
      details: {
        reason: `access token: ${reason}`,
        denial: reason === 'expired' ? 'expired' : 'unknown-secret',
      },
    });
  return { directory, kid, signed, verify, expectRefusal };
}

describe('an access token of our own key', () => {
  it('is good from its first second to its last', async () => {
    const { signed, verify, expectRefusal } = await world();
    const token = signed(CLAIMS);
    expect(await verify(token, CLAIMS.nbf)).toEqual(CLAIMS);
    expect(await verify(token, CLAIMS.exp - 1)).toEqual(CLAIMS);
    await expectRefusal(token, 'not valid yet', CLAIMS.nbf - 1);
    await expectRefusal(token, 'expired', CLAIMS.exp);
  });

  it('is good with every form of signature: some have zeros in front, and many a first bit that is set', async () => {
    const { signed, verify } = await world();
    const firsts = new Set<boolean>();
    for (let n = 0; n < 600; n++) {
      const token = signed({ ...CLAIMS, jti: `${n}` });
      const signature = Buffer.from(token.split('.')[2] ?? '', 'base64url');
      firsts.add(signature[0] === 0 || signature[32] === 0);
      expect(await verify(token)).toMatchObject({ jti: `${n}` });
    }
    expect(firsts).toEqual(new Set([true, false]));
  });

  it.each<[string, (signature: Buffer) => Buffer]>([
    ['a byte short', signature => signature.subarray(1)],
    ['a byte long', signature => Buffer.concat([signature, Buffer.alloc(1)])],
    ['a zero in front', signature => Buffer.concat([Buffer.alloc(1), signature])],
    ['zero', () => Buffer.alloc(64)],
    ['all ones', () => Buffer.alloc(64, 0xff)],
    ['nothing but a half', signature => signature.subarray(32)],
  ])('is refused with a signature that is %s', async (_, change) => {
    const { signed, expectRefusal } = await world();
    const [header, payload, signature = ''] = signed(CLAIMS).split('.');
    const changed = change(Buffer.from(signature, 'base64url')).toString('base64url');
    await expectRefusal(`${header}.${payload}.${changed}`, 'the signature does not verify');
  });

  it.each([
    ['of another issuer', { iss: 'https://other.example' }],
    ['for another service', { aud: 'registry.example' }],
    ['for a list of services', { aud: [KID.name] }],
  ])('%s is refused', async (_, change) => {
    const { signed, expectRefusal } = await world();
    await expectRefusal(signed({ ...CLAIMS, ...change }), 'another issuer or audience');
  });

  it.each([
    ['another algorithm', (kid: string) => ({ alg: 'RS256', kid })],
    ['no algorithm', (kid: string) => ({ alg: 'none', kid })],
    ['no key', () => ({ alg: 'ES256' })],
    ['a key that is no text', () => ({ alg: 'ES256', kid: 7 })],
  ])('that names %s is refused', async (_, headerOf) => {
    const { kid, signed, expectRefusal } = await world();
    await expectRefusal(signed(CLAIMS, headerOf(kid)), 'another algorithm, or no key');
  });

  it('with a header of more members than ours is refused before a key is asked for', async () => {
    const { kid, signed, verify, expectRefusal } = await world();
    const members = (count: number) =>
      Object.fromEntries(Array.from({ length: count }, (_, i) => [`m${i}`, 1]));
    await verify(signed(CLAIMS, { alg: 'ES256', typ: 'JWT', kid, x5c: ['a', 'b'], ...members(10) }));
    await expectRefusal(signed(CLAIMS, { alg: 'ES256', kid, ...members(14) }), 'not readable');
    await expectRefusal(signed(CLAIMS, { alg: 'ES256', kid: 'other', ...members(14) }), 'not readable');
  });

  it('is refused under the name of another key, and once its key is not published any more', async () => {
    const { directory, signed, verify, expectRefusal } = await world();
    await expectRefusal(signed(CLAIMS, { alg: 'ES256', kid: 'other' }), 'no such key');
    await activateKey(KID, directory, NOW + 1);
    const token = signed(CLAIMS);
    await verify(token, NOW + 600);
    await expectRefusal(token, 'no such key', NOW + 7200);
  });

  it('with a changed signature, or another spelling of it, is refused', async () => {
    const { signed, expectRefusal } = await world();
    const token = signed(CLAIMS);
    const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const letter of letters) {
      const other = token.slice(0, -1) + letter;
      if (other !== token) await expectRefusal(other, 'the signature does not verify');
    }
  });

  it.each([
    ['is empty', () => '', 'not a signed token'],
    ['has something before it', (token: string) => `!${token}`, 'not a signed token'],
    ['has something behind it', (token: string) => `${token}!`, 'not a signed token'],
    ['has four parts', (token: string) => `${token}.AA`, 'not a signed token'],
    ['is too long', (token: string) => token + 'A'.repeat(32_769 - token.length), 'not a signed token'],
    [
      'is as long as it may be',
      (token: string) => token + 'A'.repeat(32_768 - token.length),
      'the signature does not verify',
    ],
    ['has a header in another spelling', (token: string) => token.replace(/^[^.]*/, 'e31'), 'not canonical'],
    ['has a header that is no JSON', (token: string) => token.replace(/^[^.]*/, encode('{')), 'not readable'],
  ])('that %s is refused', async (_, change, reason) => {
    const { signed, expectRefusal } = await world();
    await expectRefusal(change(signed(CLAIMS)), reason);
  });

  it.each([
    ['repeats a claim', JSON.stringify(CLAIMS).replace('{', '{"iss":"x",')],
    ['has more than ten thousand parts', JSON.stringify({ ...CLAIMS, filler: MANY })],
  ])('whose payload %s is refused', async (_, payload) => {
    const { signed, expectRefusal } = await world();
    await expectRefusal(signed(payload), 'not readable');
  });
});

it('a public key in PEM is that of the private key', async () => {
  const { directory, textOf } = await context([KID]);
  await maintainRing(KID, directory, NOW);
  for (const { privateKey } of readRingDocument(await textOf(KID, 'ring.json'), KID.name).keys) {
    const key = createPrivateKey(privateKey);
    const pem = createPublicKey(key).export({ type: 'spki', format: 'pem' });
    expect(toPublicPem(publicJwk(key))).toBe(pem);
  }
});
