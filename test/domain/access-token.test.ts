/** Access tokens: the claims that registries verify, and how long they live. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVERYTHING } from '../../lib/domain/access.ts';
import { accessTokenClaims, expiresInSeconds, JTI_BYTES } from '../../lib/domain/access-token.ts';
import type { GrantedAccess } from '../../lib/domain/grant.ts';
import { LIFETIME_SECONDS } from '../../lib/domain/service.ts';

const NOW = 1_795_244_400;

describe('expiresInSeconds', () => {
  it.each([
    ['the lifetime, for a secret that does not end', 300, null, 300],
    ['the lifetime, for a secret that ends later', 300, 301, 300],
    ['the lifetime, for a secret that ends with it', 300, 300, 300],
    ['what is left of the secret', 300, 299, 299],
    ['a minute, for a secret that ends with it', 300, 60, 60],
    ['a minute, for a secret that ends sooner', 300, 59, 60],
    ['a minute, for a secret in its last second', 300, 1, 60],
    ['a minute, for a service whose lifetime is that', 60, 1, 60],
    ['an hour at most', 3600, 100_000, 3600],
  ])('is %s', (_, lifetime, left, expected) => {
    expect(expiresInSeconds(lifetime, left === null ? null : NOW + left, NOW)).toBe(expected);
  });
  it('is a whole number from a minute to the lifetime', () => {
    const lifetime = fc.integer({ min: LIFETIME_SECONDS.min, max: LIFETIME_SECONDS.max });
    fc.assert(
      fc.property(lifetime, fc.option(fc.nat(2 * NOW)), (of, endsAt) => {
        const seconds = expiresInSeconds(of, endsAt, NOW);
        expect(Number.isInteger(seconds) && seconds >= 60 && seconds <= of).toBe(true);
      }),
    );
  });
});

describe('accessTokenClaims', () => {
  const granted = [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'] }] as const;
  const issuance = { issuer: 'https://x.test', service: 'registry', subject: 'token:1', granted, jti: 'j' };
  it('start a minute ago and end a minute late', () => {
    expect(accessTokenClaims(issuance, 300, NOW)).toStrictEqual({
      iss: 'https://x.test',
      sub: 'token:1',
      aud: 'registry',
      exp: NOW + 360,
      nbf: NOW - 60,
      iat: NOW - 60,
      jti: 'j',
      access: granted,
    });
  });
  it('name no subject for an anonymous caller, and hold an empty grant', () => {
    const claims = accessTokenClaims({ ...issuance, subject: '', granted: [] }, 60, NOW);
    expect([claims.sub, claims.access]).toEqual(['', []]);
  });
  it('name the parent of a credential', () => {
    const parent = { handle: 'h', token: 'id', generation: 1 };
    expect(accessTokenClaims({ ...issuance, parent }, 60, NOW).parent).toEqual(parent);
  });
  it('promise what the README says: refused within the lifetime and two minutes, leeway included', () => {
    fc.assert(
      fc.property(fc.integer({ min: 60, max: 3600 }), lifetime => {
        const leeway = 60;
        expect(accessTokenClaims(issuance, lifetime, NOW).exp + leeway - NOW).toBe(lifetime + 120);
      }),
    );
  });
});

describe('the grant in the claims', () => {
  const issuance = { issuer: 'https://x.test', service: 'registry', subject: 'token:1', jti: 'j' };
  const grantOf = (lengths: readonly number[]): GrantedAccess[] =>
    lengths.map((length, i) => ({
      type: 'repository',
      name: `team/${i}-`.padEnd(length, 'x'),
      actions: [...EVERYTHING],
    }));
  const claimsOf = (granted: readonly GrantedAccess[], subject = 'token:1') =>
    accessTokenClaims({ ...issuance, subject, granted }, 300, NOW);

  it.each([20, 60, 128])('is whole for a hundred repositories with names of %d characters', length => {
    const granted = grantOf(Array(100).fill(length));
    expect(claimsOf(granted).access).toEqual(granted);
  });
  it('is what fits, in the order of the request, for a hundred of the longest names', () => {
    const granted = grantOf(Array(100).fill(255));
    const { access } = claimsOf(granted);
    expect(access).toEqual(granted.slice(0, access.length));
    expect(access.length).toBeGreaterThan(60);
  });
  it('is the longest beginning that fits into 20 250 bytes', () => {
    const lengths = fc.array(fc.integer({ min: 8, max: 255 }), { maxLength: 100 });
    fc.assert(
      fc.property(lengths, fc.string({ maxLength: 200, unit: 'binary' }), (all, subject) => {
        const granted = grantOf(all);
        const claims = claimsOf(granted, subject);
        const bytes = (access: readonly GrantedAccess[]) =>
          Buffer.byteLength(JSON.stringify({ ...claims, access }));
        const { length } = claims.access;
        expect(claims.access).toEqual(granted.slice(0, length));
        expect(bytes(claims.access)).toBeLessThanOrEqual(20_250);
        if (length < granted.length)
          expect(bytes(granted.slice(0, length + 1))).toBeGreaterThanOrEqual(20_250);
      }),
      { numRuns: 30 },
    );
  });
  it('is whole up to the last byte, and loses its last repository to the next one', () => {
    const bytesOf = (subject: string) => Buffer.byteLength(JSON.stringify(claimsOf(granted, subject)));
    const granted = grantOf(Array(90).fill(128));
    const room = 20_250 - bytesOf('');
    const last = 'x'.repeat(room - 1);
    expect([claimsOf(granted, last).access.length, bytesOf(last)]).toEqual([90, 20_249]);
    expect(claimsOf(granted, `${last}x`).access).toEqual(granted.slice(0, 89));
  });
  it('is empty where the rest leaves no room', () => {
    expect(claimsOf(grantOf([20]), 'x'.repeat(30_000)).access).toEqual([]);
  });
});

it('a jti has 128 random bits', () => {
  expect(JTI_BYTES * 8).toBe(128);
});

it('a service lives between a minute and an hour, five minutes unless it says otherwise', () => {
  expect(LIFETIME_SECONDS).toEqual({ min: 60, default: 300, max: 3600 });
});
