/** Verifies signed tokens (RFC 7515) of the configured issuers. Nothing in a token decides how it is verified. */

import { compactVerify } from 'jose';
import { unauthenticated } from '../domain/errors.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import type { IssuerKeys, VerificationKey } from './issuer-keys.ts';

/** In characters. */
export const MAX_TOKEN_LENGTH = 16_384;

/** Signatures by private keys only: no `none`, and no HS*, which would take a public key as its secret (CVE-2015-9235). */
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

/** Three parts: five would be an encrypted token, which is inflated before it is checked (CVE-2024-28176). */
const COMPACT_JWS = /^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$/;

/** They name another source of keys (CVE-2025-24976), or ask for features that we do not have (`crit`). */
const FOREIGN_HEADERS = ['jwk', 'jku', 'x5u', 'crit'] as const;

/** An issuer of any kind, and its keys. */
export interface TrustedIssuer<I> {
  readonly issuer: I;
  readonly keys: IssuerKeys;
}

/** The claims that an issuer signed, not checked. */
export interface SignedClaims<I> {
  readonly claims: unknown;
  readonly issuer: I;
}

/** Throws `unauthenticated` or `unavailable`. */
export type TokenVerifier<I> = (token: string, nowMs: number) => Promise<SignedClaims<I>>;

/** A verifier for these issuers; a token of any other causes no request. Throws if two share one `iss`. */
export function tokenVerifier<I extends { readonly issuer: string }>(
  trusted: readonly TrustedIssuer<I>[],
): TokenVerifier<I> {
  const byName = new Map(trusted.map(entry => [entry.issuer.issuer, entry]));
  if (byName.size !== trusted.length) throw new TypeError('two issuers share one name');
  return async (token, nowMs) => {
    const { kid, payload } = readJws(token);
    const name = member(readJson(payload), 'iss');
    const source = typeof name === 'string' ? byName.get(name) : undefined;
    if (source === undefined) throw unauthenticated('no configured issuer');
    const key = await source.keys.find(kid, nowMs);
    if (key === undefined) throw unauthenticated('the issuer has no such key');
    const claims = readJson(await verifiedPayload(token, key));
    if (member(claims, 'iss') !== source.issuer.issuer)
      throw unauthenticated('the token is of another issuer');
    return { claims, issuer: source.issuer };
  };
}

/** The parts of a signed text, not verified. */
export interface UnverifiedJws {
  readonly kid: string;
  readonly payload: Uint8Array;
}

/** Reads a signed text. Throws `unauthenticated` for one that we would not accept, before its signature is looked at. */
export function readJws(text: string): UnverifiedJws {
  if (text.length > MAX_TOKEN_LENGTH || !COMPACT_JWS.test(text)) throw unauthenticated('not a signed token');
  const parts = text.split('.');
  if (!parts.every(isCanonical)) throw unauthenticated('the token is not in canonical base64url');
  const [header, payload] = parts.map(part => Buffer.from(part, 'base64url'));
  return { kid: keyName(header ?? Buffer.of()), payload: payload ?? Buffer.of() };
}

/** The signed payload. A key that is for one algorithm verifies no other (RFC 8725 section 3.1). */
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

/** The `kid` of a header that we accept. */
function keyName(bytes: Uint8Array): string {
  const header = readJson(bytes);
  const kid = member(header, 'kid');
  const algorithms: readonly unknown[] = ALGORITHMS;
  if (FOREIGN_HEADERS.some(name => member(header, name) !== undefined))
    throw unauthenticated('the token has a header that is not allowed');
  if (!algorithms.includes(member(header, 'alg'))) throw unauthenticated('the algorithm is not allowed');
  if (typeof kid !== 'string') throw unauthenticated('the token names no key');
  return kid;
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return readStrictJson(bytes);
  } catch {
    throw unauthenticated('the token is not readable');
  }
}

/** Without this, unused bits would give one token many strings (RFC 4648 section 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
