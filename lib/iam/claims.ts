/** What the claims of a verified token must say before they name a caller. */

import { isIdentifierValue, qualify } from '../domain/account.ts';
import { unauthenticated } from '../domain/errors.ts';
import type { Identity, Issuer } from '../domain/identity.ts';
import { member } from '../domain/strict-json.ts';
import { DAY_SECONDS, toSeconds } from '../domain/time.ts';
import { type TrustedIssuer, tokenVerifier } from './signed-token.ts';

/** What an issuer's clock may be off, in seconds. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** No token may be made to live longer; as it must also be unexpired, none is older. */
const MAX_LIFE_SECONDS = DAY_SECONDS;

/** An identity that a token proves: it ends with the token. */
export interface BearerIdentity extends Identity {
  readonly expiresAt: number;
}

/**
 * The identity in the claims of a token that `issuer` signed. Throws `unauthenticated` when it is for somebody
 * else, not valid now, made to live too long, or does not name a caller (RFC 7519 section 4.1).
 */
export function identityOf(claims: unknown, issuer: Issuer, nowMs: number): BearerIdentity {
  if (!isFor(issuer.audience, claims)) throw unauthenticated('the token is for another audience');
  const expiresAt = validUntil(claims, toSeconds(nowMs));
  const subject = claimAt(claims, issuer.claims.subject);
  const account = claimAt(claims, issuer.claims.account);
  if (!isIdentifierValue(subject)) throw unauthenticated('the subject claim names nobody');
  if (!isIdentifierValue(account)) throw unauthenticated('the account claim names no account');
  const { valid } = issuer.claims;
  if (valid !== undefined && claimAt(claims, valid) !== true)
    throw unauthenticated('the account is not valid');
  return {
    kind: 'iambearer',
    issuer: issuer.key,
    account: qualify(issuer.key, account),
    subject: qualify(issuer.key, subject),
    strength: issuer.audience === null ? 'weak' : 'strong',
    expiresAt,
    nonce: null,
  };
}

/**
 * Whether the token is for this audience and nobody else: whoever else it names could replay it here. An issuer
 * without audience makes none that name one (CVE-2024-5798: what is not compared is not checked).
 */
function isFor(audience: string | null, claims: unknown): boolean {
  return audienceOf(claims) === (audience ?? undefined);
}

/** The one audience of a token; undefined: it has none. A list of several gives none that is anybody's. */
export function audienceOf(claims: unknown): unknown {
  const aud = member(claims, 'aud');
  return Array.isArray(aud) && aud.length === 1 ? aud[0] : aud;
}

/** The `exp` of a token that is valid at `now`, in seconds. Throws `unauthenticated` for one that is not. */
export function validUntil(claims: unknown, now: number): number {
  const exp = secondsAt(claims, 'exp');
  const iat = secondsAt(claims, 'iat');
  const nbf = member(claims, 'nbf') === undefined ? iat : secondsAt(claims, 'nbf');
  if (exp <= now - CLOCK_TOLERANCE_SECONDS) throw unauthenticated('the token has expired', 'expired');
  if (Math.max(iat, nbf) > now + CLOCK_TOLERANCE_SECONDS) throw unauthenticated('the token is not valid yet');
  if (exp - iat > MAX_LIFE_SECONDS) throw unauthenticated('the token is made to live too long');
  return exp;
}

function secondsAt(claims: unknown, name: string): number {
  const value = member(claims, name);
  if (!Number.isSafeInteger(value)) throw unauthenticated(`the ${name} claim is missing or no whole number`);
  return value as number;
}

/** The claim at a path of members parted by dots. */
function claimAt(claims: unknown, path: string): unknown {
  return path.split('.').reduce(member, claims);
}

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
