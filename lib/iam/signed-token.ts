/** Verifies signed tokens (RFC 7515) of the configured issuers. The law: nothing in a token says how to verify it. */

import { compactVerify } from 'jose';
import { unauthenticated } from '../domain/errors.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import type { IssuerKeys, VerificationKey } from './issuer-keys.ts';

/** A token is this long at most, in characters. */
export const MAX_TOKEN_LENGTH = 16_384;

/** Signatures by private keys only: no `none`, and no HS* that a public key could stand in for (CVE-2015-9235). */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
] as const;

/** Three parts: what has five is encrypted, and would be inflated before it is checked (CVE-2024-28176). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** Where else to look for a key (CVE-2025-24976), and what a verifier would have to understand: we do not. */
const FOREIGN_HEADERS = ['jwk', 'jku', 'x5u', 'crit'] as const;

/** What a signed text says of itself. Nothing of it is verified. */
export interface UnverifiedJws {
  readonly kid: string;
  readonly payload: Uint8Array;
}

/** Takes a signed text apart. Throws `unauthenticated` for any that we would not verify, whatever its signature. */
export function readJws(text: string): UnverifiedJws {
  if (text.length > MAX_TOKEN_LENGTH || !COMPACT_JWS.test(text)) throw unauthenticated('not a signed token');
  const parts = text.split('.');
  if (!parts.every(isCanonical)) throw unauthenticated('the token is not spelled as its issuer spells it');
  const [header, payload] = parts.map(part => Buffer.from(part, 'base64url'));
  return { kid: keyName(header ?? Buffer.of()), payload: payload ?? Buffer.of() };
}

/**
 * The payload under the signature. A key that is for one algorithm verifies no other (RFC 8725 section 3.1). Throws
 * `unauthenticated`.
 */
export async function verifiedPayload(
  text: string,
  { key, algorithm }: VerificationKey,
): Promise<Uint8Array> {
  const algorithms = ALGORITHMS.filter(name => algorithm === undefined || algorithm === name);
  try {
    return (await compactVerify(text, key, { algorithms })).payload;
  } catch {
    throw unauthenticated('the signature does not verify');
  }
}

/** The `kid` of a header that asks for nothing but a key of the issuer and a known algorithm. */
function keyName(bytes: Uint8Array): string {
  const header = readHeader(bytes);
  const kid = member(header, 'kid');
  const algorithms: readonly unknown[] = ALGORITHMS;
  if (FOREIGN_HEADERS.some(name => member(header, name) !== undefined))
    throw unauthenticated('a foreign header');
  if (!algorithms.includes(member(header, 'alg'))) throw unauthenticated('the algorithm is not allowed');
  if (typeof kid !== 'string') throw unauthenticated('the token names no key');
  return kid;
}

function readHeader(bytes: Uint8Array): unknown {
  try {
    return readStrictJson(bytes);
  } catch {
    throw unauthenticated('the token is not readable');
  }
}

/** Whether it has no bits that say nothing: with them, one token would have many strings (RFC 4648 section 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** An issuer of any kind, and its keys. */
export interface TrustedIssuer<I> {
  readonly issuer: I;
  readonly keys: IssuerKeys;
}

/** The claims that an issuer signed, whatever they say. */
export interface SignedClaims<I> {
  readonly claims: unknown;
  readonly issuer: I;
}

/** Throws `unauthenticated` or `unavailable`. */
export type TokenVerifier<I> = (token: string, nowMs: number) => Promise<SignedClaims<I>>;

/** A verifier that knows these issuers, and asks nobody about any other. Throws if two share one `iss`. */
export function tokenVerifier<I extends { readonly issuer: string }>(
  trusted: readonly TrustedIssuer<I>[],
): TokenVerifier<I> {
  const byName = new Map(trusted.map(entry => [entry.issuer.issuer, entry]));
  if (byName.size !== trusted.length) throw new TypeError('two issuers share one name');
  return async (token, nowMs) => {
    const { kid, payload } = readJws(token);
    const name = member(readClaims(payload), 'iss');
    const source = typeof name === 'string' ? byName.get(name) : undefined;
    if (source === undefined) throw unauthenticated('no configured issuer');
    const key = await source.keys.find(kid, nowMs);
    if (key === undefined) throw unauthenticated('the issuer has no such key');
    const claims = readClaims(await verifiedPayload(token, key));
    if (member(claims, 'iss') !== source.issuer.issuer)
      throw unauthenticated('the token is of another issuer');
    return { claims, issuer: source.issuer };
  };
}

function readClaims(payload: Uint8Array): unknown {
  try {
    return readStrictJson(payload);
  } catch {
    throw unauthenticated('the token is not readable');
  }
}
