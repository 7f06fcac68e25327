/** Tokens for tests, good ones and forged ones, at a frozen time. */
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';

/** The frozen time of these tests. */
export const NOW = 1_790_000_000;
export const NOW_MS = NOW * 1000;

export interface TestKey {
  readonly privateKey: KeyObject;
  readonly jwk: Record<string, unknown>;
}

/** A P-256 key that a key set publishes as `kid`. */
export function testKey(kid: string, members: Record<string, unknown> = {}): TestKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return { privateKey, jwk: { ...publicKey.export({ format: 'jwk' }), kid, use: 'sig', ...members } };
}

/** Claims of a caller at the issuer and audience of `LoopbackIam.issuer()`. */
export function goodClaims(overrides: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    iss: 'https://iam.example/identity',
    aud: 'https://pullpass.example',
    iam_id: 'IBMid-270000001',
    account: { valid: true, bss: 'acct-1' },
    iat: NOW - 10,
    exp: NOW + 3600,
    ...overrides,
  };
}

/** One part of a token; bytes and text are taken as they are. */
export function encode(value: unknown): string {
  if (Buffer.isBuffer(value)) return value.toString('base64url');
  return Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');
}

/** Signs any header and claims with ES256, well-formed or not. */
export function signToken(
  key: TestKey,
  claims: unknown = goodClaims(),
  header: unknown = { alg: 'ES256', kid: key.jwk.kid },
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  const signature = sign('sha256', Buffer.from(input), { key: key.privateKey, dsaEncoding: 'ieee-p1363' });
  return `${input}.${signature.toString('base64url')}`;
}
