/** The access tokens of the configured IAMs. */
import type { Issuer } from '../domain/issuer.ts';
import { type BearerIdentity, identityOf } from './claims.ts';
import { type TrustedIssuer, tokenVerifier } from './signed-token.ts';

/** Answers the identity that a token proves; throws `unauthenticated` or `unavailable`. */
export type AccessTokenVerifier = (token: string, nowMs: number) => Promise<BearerIdentity>;

/** A verifier that knows these issuers. Throws if two share one `iss`. */
export function accessTokenVerifier(trusted: readonly TrustedIssuer<Issuer>[]): AccessTokenVerifier {
  const verify = tokenVerifier(trusted);
  return async (token, nowMs) => {
    const { claims, issuer } = await verify(token, nowMs);
    return identityOf(claims, issuer, nowMs);
  };
}
