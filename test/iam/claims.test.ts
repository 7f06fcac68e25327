/** From claims to an identity. */
import { describe, expect, it } from 'vitest';
import { identityOf } from '../../lib/iam/signed-token.ts';
import { errorOf } from '../support/errors.ts';
import { goodClaims, NOW, NOW_MS } from './tokens.ts';

const ISSUER = {
  key: 'test',
  issuer: 'https://iam.example/identity',
  keysUrl: 'https://iam.example/keys',
  tokenUrl: null,
  client: null,
  audience: 'https://pullpass.example',
  claims: { subject: 'iam_id', account: 'account.bss' },
};

it('returns the identity of the issuer that signed the claims', () => {
  expect(identityOf(goodClaims(), ISSUER, NOW_MS)).toMatchObject({ account: 'test:acct-1' });
});

it.each([undefined, null, [], 'text', 7])('refuses claims that are not an object: %j', claims => {
  expect(() => identityOf(claims, ISSUER, NOW_MS)).toThrow();
});

describe('a token for several audiences', () => {
  // As Keycloak ("Audience support") and Auth0 (with the scope openid) make them.
  const aud = ['https://pullpass.example', 'account'];
  const others = { ...ISSUER, otherAudiences: ['account'] };

  it('is refused unless the issuers file names the others', () => {
    const refusal = errorOf(() => identityOf(goodClaims({ aud }), ISSUER, NOW_MS));
    expect(refusal).toMatchObject({ details: { reason: 'the token is for several audiences' } });
    expect(() => identityOf(goodClaims({ aud: ['account'] }), others, NOW_MS)).toThrow();
    expect(() => identityOf(goodClaims({ aud: [...aud, 'other'] }), others, NOW_MS)).toThrow();
  });

  it('is weak, because the others could replay it; one for us alone is strong', () => {
    expect(identityOf(goodClaims({ aud }), others, NOW_MS)).toMatchObject({ strength: 'weak' });
    expect(identityOf(goodClaims(), others, NOW_MS)).toMatchObject({ strength: 'strong' });
    expect(identityOf(goodClaims({ aud: aud.slice(0, 1) }), others, NOW_MS)).toMatchObject({
      strength: 'strong',
    });
  });
});

it('lets a token live as long as the issuers file says, or a day', () => {
  const living = (seconds: number) => goodClaims({ iat: NOW, exp: NOW + seconds });
  const week = { ...ISSUER, maxLifetimeSeconds: 7 * 86_400 };
  expect(() => identityOf(living(86_401), ISSUER, NOW_MS)).toThrow();
  expect(identityOf(living(86_400), ISSUER, NOW_MS).expiresAt).toBe(NOW + 86_400);
  expect(identityOf(living(7 * 86_400), week, NOW_MS).expiresAt).toBe(NOW + 7 * 86_400);
  expect(() => identityOf(living(7 * 86_400 + 1), week, NOW_MS)).toThrow();
});
