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
  /** For the registry proxy, which judges the token behind the login again at each request. */
  readonly parent?: TokenParent;
}

/** The registry token behind a login, directly or by a credential. */
export interface TokenParent {
  /** Of its account. */
  readonly handle: string;
  readonly token: string;
  readonly generation: number;
  /** The `jti` of the credential; absent: the token itself. */
  readonly credential?: string;
}

export interface Issuance {
  readonly issuer: string;
  readonly service: string;
  /** Empty when anonymous. */
  readonly subject: string;
  readonly granted: readonly GrantedAccess[];
  readonly jti: string;
  readonly parent?: TokenParent | undefined;
}

/** Bytes of randomness in a `jti`. */
export const JTI_BYTES = 16;
/** Registries take a megabyte of headers, but crane reads 64 KiB of an answer, and an answer has the token twice. */
export const MAX_ACCESS_TOKEN_BYTES = 30_000;
/** What is for the claims: a header with its certificate and a signature are below 3 000 bytes, and base64 makes 4 of 3. */
const MAX_CLAIMS_BYTES = ((MAX_ACCESS_TOKEN_BYTES - 3_000) * 3) / 4;

/**
 * The `expires_in` of an answer: the service's lifetime, but not beyond the end of the secret, and at least a minute,
 * because clients treat less as a minute anyway.
 */
export function expiresInSeconds(lifetime: number, secretEndsAt: number | null, now: number): number {
  if (secretEndsAt === null) return lifetime;
  return Math.min(lifetime, Math.max(MINUTE_SECONDS, secretEndsAt - now));
}

/**
 * The claims for a token that is valid for `expiresIn` seconds. It starts a minute early and ends a minute late: some
 * registries allow no leeway, and clients do not recover from the 401 for an expired token. Of the grant it has as much as
 * fits, in its order.
 */
export function accessTokenClaims(issuance: Issuance, expiresIn: number, now: number): AccessTokenClaims {
  const claims = {
    iss: issuance.issuer,
    sub: issuance.subject,
    aud: issuance.service,
    exp: now + expiresIn + MINUTE_SECONDS,
    nbf: now - MINUTE_SECONDS,
    iat: now - MINUTE_SECONDS,
    jti: issuance.jti,
    ...(issuance.parent === undefined ? {} : { parent: issuance.parent }),
    access: [],
  };
  return { ...claims, access: fitting(issuance.granted, MAX_CLAIMS_BYTES - bytesOf(claims)) };
}

/** A repository has at most 255 bytes; the rest is its type and actions. */
const MAX_ACCESS_BYTES = 400;

/** The first of the grant, as many as `room` bytes of JSON hold. */
function fitting(granted: readonly GrantedAccess[], room: number): readonly GrantedAccess[] {
  if (granted.length * MAX_ACCESS_BYTES <= room) return granted;
  let bytes = 0;
  const first = granted.findIndex(access => {
    bytes += bytesOf(access) + ','.length;
    return bytes > room;
  });
  return first < 0 ? granted : granted.slice(0, first);
}

function bytesOf(value: object): number {
  return Buffer.byteLength(JSON.stringify(value));
}
