/** A JWK set (RFC 7517) as the keys in it that can verify a signature. */
import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { member, readStrictJson } from './strict-json.ts';

/** An issuer publishes a handful; more is no key set. */
export const MAX_KEYS = 64;

export interface VerificationKey {
  readonly key: KeyObject;
  /** The only algorithm that the key is for; undefined: the set does not say. */
  readonly algorithm: string | undefined;
}
/** By `kid`. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/**
 * Reads a key set. Keys for other purposes, of unknown kinds, or without a `kid` are left out, as section 5 asks.
 * Throws for anything that is not a key set, or holds too many keys.
 */
export function readKeySet(body: Uint8Array): KeySet {
  const keys = member(readStrictJson(body), 'keys');
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new TypeError('not a JWK set');
  return new Map(keys.flatMap(verificationKey));
}

function verificationKey(jwk: unknown): [string, VerificationKey][] {
  const kid = member(jwk, 'kid');
  const use = member(jwk, 'use');
  const operations = member(jwk, 'key_ops');
  const algorithm = member(jwk, 'alg');
  if (typeof kid !== 'string' || (use !== undefined && use !== 'sig')) return [];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return [];
  if (algorithm !== undefined && typeof algorithm !== 'string') return [];
  try {
    return [[kid, { key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }), algorithm }]];
  } catch {
    return [];
  }
}
