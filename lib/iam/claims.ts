/** From the claims of a verified token to an identity. */

import { isIdentifierValue, qualify } from '../domain/account.ts';
import { unauthenticated } from '../domain/errors.ts';
import type { Identity, Issuer } from '../domain/identity.ts';
import { member } from '../domain/strict-json.ts';
import { DAY_SECONDS, toSeconds } from '../domain/time.ts';
import { type TrustedIssuer, tokenVerifier } from './signed-token.ts';

/** How far an issuer's clock may be off. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The longest life of a token, from `iat` to `exp`. */
const MAX_LIFE_SECONDS = DAY_SECONDS;

/** An identity that ends with its token. */
export interface BearerIdentity extends Identity {
  readonly expiresAt: number;
}

/** Returns the identity that a token proves; throws `unauthenticated` or `unavailable`. */
export type AccessTokenVerifier = (token: string, nowMs: number) => Promise<BearerIdentity>;

/** A verifier that knows these issuers. Throws if two share one `iss`. */
export function accessTokenVerifier(trusted: readonly TrustedIssuer<Issuer>[]): AccessTokenVerifier {
  const verify = tokenVerifier(trusted);
  return async (token, nowMs) => {
    const { claims, issuer } = await verify(token, nowMs);
    return identityOf(claims, issuer, nowMs);
  };
}

/**
 * The identity in the claims of a token that `issuer` signed. Throws `unauthenticated` for another audience, a token that
 * is not valid now or for too long, and claims that do not name a caller (RFC 7519 section 4.1).
 */
export function identityOf(claims: unknown, issuer: Issuer, nowMs: number): BearerIdentity {
  if (!isFor(issuer.audience, claims)) throw unauthenticated('the token is for another audience');
  const expiresAt = validUntil(claims, toSeconds(nowMs));
  const subject = claimAt(claims, issuer.claims.subject);
  const account = claimAt(claims, issuer.claims.account);
  if (!isIdentifierValue(subject)) throw unauthenticated('the subject claim is not an identifier');
  if (!isIdentifierValue(account)) throw unauthenticated('the account claim is not an identifier');
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

/** The `aud` of a token, out of a list of one; undefined: none. A longer list equals no audience. */
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
  if (exp - iat > MAX_LIFE_SECONDS) throw unauthenticated('the token is valid for too long');
  return exp;
}

/**
 * Whether the token is for this audience alone: any other that it names could replay it here. Tokens of an issuer that is
 * configured without audience must have none (CVE-2024-5798: what is not compared is not checked).
 */
function isFor(audience: string | null, claims: unknown): boolean {
  return audienceOf(claims) === (audience ?? undefined);
}

function secondsAt(claims: unknown, name: string): number {
  const value = member(claims, name);
  if (!Number.isSafeInteger(value)) throw unauthenticated(`the ${name} claim is missing or not an integer`);
  return value as number;
}

/** The claim at a path, whose members are separated by dots. */
function claimAt(claims: unknown, path: string): unknown {
  return path.split('.').reduce(member, claims);
}
