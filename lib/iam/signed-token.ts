/** Verifies the tokens of the configured issuers. The law: nothing in a token says how to verify it. */
import type { IssuerKeys } from './issuer-keys.ts';
import { readJws, verifiedPayload } from './jws.ts';
import { rejected } from './refusals.ts';
import { member, readStrictJson } from './strict-json.ts';

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
    if (source === undefined) throw rejected('no configured issuer');
    const key = await source.keys.find(kid, nowMs);
    if (key === undefined) throw rejected('the issuer has no such key');
    const claims = readClaims(await verifiedPayload(token, key));
    if (member(claims, 'iss') !== source.issuer.issuer) throw rejected('the token is of another issuer');
    return { claims, issuer: source.issuer };
  };
}

function readClaims(payload: Uint8Array): unknown {
  try {
    return readStrictJson(payload);
  } catch {
    throw rejected('the token is not readable');
  }
}
