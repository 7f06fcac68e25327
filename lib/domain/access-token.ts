/** The claims of an access token: what a registry verifies (distribution `registry/auth/token/token.go`). */
import type { GrantedAccess } from './grant.ts';
import { MINUTE_SECONDS } from './time.ts';

export interface AccessTokenClaims {
  readonly iss: string;
  readonly sub: string;
  /** One string: distribution 2.8 does not read a list. */
  readonly aud: string;
  readonly exp: number;
  readonly nbf: number;
  readonly iat: number;
  readonly jti: string;
  readonly access: readonly GrantedAccess[];
}

export interface Issuance {
  readonly issuer: string;
  readonly service: string;
  /** Empty when anonymous. */
  readonly subject: string;
  readonly granted: readonly GrantedAccess[];
  readonly jti: string;
}

/** Bytes of randomness in a `jti`. */
export const JTI_BYTES = 16;
/** A signed token is never longer: registries and the proxies before them limit headers. */
export const MAX_ACCESS_TOKEN_BYTES = 8192;

/**
 * The `expires_in` of an answer: the service's lifetime, shortened to what is left of the secret, but never below
 * a minute, because clients take less for a minute anyway.
 */
export function expiresInSeconds(lifetime: number, secretEndsAt: number | null, now: number): number {
  if (secretEndsAt === null) return lifetime;
  return Math.min(lifetime, Math.max(MINUTE_SECONDS, secretEndsAt - now));
}

/**
 * The claims for a token that lives `expiresIn` seconds. It starts a minute ago and ends a minute later than it
 * says, because some registries allow no leeway and answer an expired token with a 401 that nobody can recover from.
 */
export function accessTokenClaims(issuance: Issuance, expiresIn: number, now: number): AccessTokenClaims {
  return {
    iss: issuance.issuer,
    sub: issuance.subject,
    aud: issuance.service,
    exp: now + expiresIn + MINUTE_SECONDS,
    nbf: now - MINUTE_SECONDS,
    iat: now - MINUTE_SECONDS,
    jti: issuance.jti,
    access: issuance.granted,
  };
}
