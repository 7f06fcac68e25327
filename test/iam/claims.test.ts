/** From claims to an identity. */
import { expect, it } from 'vitest';
import { identityOf } from '../../lib/iam/signed-token.ts';
import { goodClaims, NOW_MS } from './tokens.ts';

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
