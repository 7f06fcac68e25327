/** Our own access tokens at the registry proxy: good with a published key, for this service, now; anything else is refused. */
import { generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { activateKey, maintainRing } from '../../lib/signing/ring-rotation.ts';
import { accessTokenVerifier } from '../../lib/signing/verifier.ts';
import { claimsFor, context, ISSUER, KID, KID_RSA, NOW, X5C, X5C_RSA } from './context.ts';

const SERVICES = [X5C, X5C_RSA, KID, KID_RSA];

async function signed(service = X5C) {
  const { directory, fresh } = await context(SERVICES);
  for (const each of SERVICES) await maintainRing(each, directory, NOW);
  const claims = { ...claimsFor(service, NOW), iss: ISSUER };
  const token = await fresh().signer.sign(claims, NOW);
  const verifier = accessTokenVerifier(directory, ISSUER);
  const verify = (text: string, { of = service, now = NOW } = {}) =>
    verifier.verify(of, new Secret(text), now);
  return { directory, fresh, claims, token, verify };
}

describe('an access token', () => {
  it.for(SERVICES)('of $profile $algorithm is good, and says what was signed', async service => {
    const { token, claims, verify } = await signed(service);
    expect(await verify(token)).toEqual(claims);
  });

  it('of a key that was just activated is good, although the published keys were read before', async () => {
    const { directory, fresh, token, verify } = await signed();
    await verify(token, { now: NOW + 10 });
    await activateKey(X5C, directory, NOW + 21);
    const claims = { ...claimsFor(X5C, NOW + 22), iss: ISSUER };
    const next = await fresh().signer.sign(claims, NOW + 22);
    expect(await verify(next, { now: NOW + 22 })).toEqual(claims);
  });

  it('with a key that there is not makes the published keys be read once in ten seconds, and is no refusal without them', async () => {
    const { directory, token } = await signed();
    let [reads, fails] = [0, false];
    const counting = accessTokenVerifier(
      {
        read: (service, file) => {
          reads++;
          return fails ? Promise.reject(new Error('no answer')) : directory.read(service, file);
        },
      },
      ISSUER,
    );
    const [header = '', ...rest] = token.split('.');
    const { alg } = JSON.parse(Buffer.from(header, 'base64url').toString());
    const forged = [Buffer.from(JSON.stringify({ alg, kid: 'x' })).toString('base64url'), ...rest].join('.');
    for (let second = 0; second < 30; second++) {
      const asked = counting.verify(X5C, new Secret(forged), NOW + second);
      await expect(asked).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    expect(reads).toBe(1 + 2);
    fails = true;
    await expect(counting.verify(X5C, new Secret(forged), NOW + 31)).rejects.toMatchObject({
      code: 'unavailable',
    });
    await counting.verify(X5C, new Secret(token), NOW + 31);
  });

  it('is good until its end, and over then', async () => {
    const { token, claims, verify } = await signed();
    await verify(token, { now: claims.exp - 1 });
    await expect(verify(token, { now: claims.exp })).rejects.toMatchObject({
      details: { denial: 'expired' },
    });
  });

  it('is refused before it begins', async () => {
    const { token, claims, verify } = await signed();
    await expect(verify(token, { now: claims.nbf - 1 })).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('of another service is refused, with either algorithm', async () => {
    const { token, verify } = await signed();
    for (const of of [X5C_RSA, KID, KID_RSA]) {
      await expect(verify(token, { of })).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('of another issuer, or for another audience, is refused though its key is ours', async () => {
    const { fresh, claims, verify } = await signed();
    const { signer } = fresh();
    const elsewhere = await signer.sign({ ...claims, iss: 'https://other.example' }, NOW);
    await expect(verify(elsewhere)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('with any part changed, cut or spelt otherwise is refused', async () => {
    const { token, verify } = await signed();
    for (let i = 0; i < token.length; i += 7) {
      const other = token[i] === 'A' ? 'B' : 'A';
      const changed = token.slice(0, i) + other + token.slice(i + 1);
      await expect(verify(changed), `${i}`).rejects.toMatchObject({ code: 'unauthenticated' });
    }
    for (const text of [
      '',
      token.slice(1),
      `${token}A`,
      `${token}.`,
      `${token}=`,
      token.replace('.', ''),
      'x'.repeat(40_000),
    ]) {
      await expect(verify(text)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('signed by a key of its own, under the name of ours, or by no key is refused', async () => {
    const { token, claims, verify } = await signed();
    const { kid } = JSON.parse(Buffer.from(token.split('.', 1).join(''), 'base64url').toString());
    const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const jwk = publicKey.export({ format: 'jwk' });
    const own = await new SignJWT({ ...claims })
      .setProtectedHeader({ alg: 'ES256', kid, jwk })
      .sign(privateKey);
    await expect(verify(own)).rejects.toMatchObject({ code: 'unauthenticated' });
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
    const none = `${part({ alg: 'none', kid })}.${part(claims)}.AA`;
    await expect(verify(none)).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
