/** Verifies the tokens of the configured issuers. The law: nothing in a token says how to verify it. */
import { compactVerify } from 'jose';
import type { IssuerKeys } from './issuer-keys.ts';
import type { VerificationKey } from './key-set.ts';
import { refused } from './refusals.ts';
import { member, readStrictJson } from './strict-json.ts';

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
    if (token.length > MAX_TOKEN_LENGTH || !COMPACT_JWS.test(token)) throw refused('not a signed token');
    const parts = token.split('.');
    if (!parts.every(isCanonical)) throw refused('the token is not spelled as its issuer spells it');
    const [header = '', payload = ''] = parts;
    const kid = readKeyName(unverified(header));
    const name = member(unverified(payload), 'iss');
    const source = typeof name === 'string' ? byName.get(name) : undefined;
    if (source === undefined) throw refused('no configured issuer');
    const key = await source.keys.find(kid, nowMs);
    if (key === undefined) throw refused('the issuer has no such key');
    const claims = await verifiedClaims(token, key);
    if (member(claims, 'iss') !== source.issuer.issuer) throw refused('the token is of another issuer');
    return { claims, issuer: source.issuer };
  };
}

/** The `kid` of a header that asks for nothing but a key of the issuer and a known algorithm. */
function readKeyName(header: unknown): string {
  const kid = member(header, 'kid');
  const algorithms: readonly unknown[] = ALGORITHMS;
  if (FOREIGN_HEADERS.some(name => member(header, name) !== undefined)) throw refused('a foreign header');
  if (!algorithms.includes(member(header, 'alg'))) throw refused('the algorithm is not allowed');
  if (typeof kid !== 'string') throw refused('the token names no key');
  return kid;
}

/** Whether it has no bits that say nothing: with them, one token would have many strings (RFC 4648 section 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}

/** Reads what is to be checked afterwards. */
function unverified(part: string): unknown {
  try {
    return readStrictJson(Buffer.from(part, 'base64url'));
  } catch {
    throw refused('the token is not readable');
  }
}

/** The claims under the signature. A key that is for one algorithm verifies no other (RFC 8725 section 3.1). */
async function verifiedClaims(token: string, { key, algorithm }: VerificationKey): Promise<unknown> {
  const algorithms = ALGORITHMS.filter(name => algorithm === undefined || algorithm === name);
  try {
    const { payload } = await compactVerify(token, key, { algorithms });
    return readStrictJson(payload);
  } catch {
    throw refused('the signature does not verify');
  }
}
