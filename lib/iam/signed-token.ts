/** Verifies signed tokens of an issuer, and reads the identity in their claims. */

import { compactVerify } from 'jose';
import { type PullpassError, unauthenticated } from '../domain/errors.ts';
import { groupsIn } from '../domain/groups.ts';
import { isIdentifierValue, qualify } from '../domain/identifiers.ts';
import type { Identity, Issuer } from '../domain/identity.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import { DAY_SECONDS, toSeconds } from '../domain/time.ts';
import type { IssuerKeys, VerificationKey } from './issuer-keys.ts';
import { VerifiedSignatures } from './verified-signatures.ts';

/** How far an issuer's clock may be off. */
const CLOCK_TOLERANCE_SECONDS = 30;

/** The longest life of a token, from `iat` to `exp`, unless its issuer's entry says another. */
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
  requireAudience(issuer, claims);
  const expiresAt = validUntil(claims, toSeconds(nowMs), issuer.maxLifetimeSeconds);
  const subject = claimAt(claims, issuer.claims.subject);
  const account = claimAt(claims, issuer.claims.account);
  if (!isIdentifierValue(subject)) throw unauthenticated('the subject claim is not an identifier');
  if (!isIdentifierValue(account)) throw unauthenticated('the account claim is not an identifier');
  const { valid, groups } = issuer.claims;
  if (valid !== undefined && claimAt(claims, valid) !== true)
    throw unauthenticated('the account is not valid');
  return {
    kind: 'iambearer',
    issuer: issuer.key,
    account: qualify(issuer.key, account),
    subject: qualify(issuer.key, subject),
    strength: issuer.audience === null || isShared(claims) ? 'weak' : 'strong',
    expiresAt,
    nonce: null,
    ...(groups === undefined ? {} : { groups: groupsIn(claimAt(claims, groups), issuer.key) }),
  };
}

/**
 * The `aud` of a token, out of a list that holds only it and others that are allowed; undefined: none. Any other list
 * equals no audience.
 */
export function audienceOf(claims: unknown, others: readonly string[] = []): unknown {
  const aud = member(claims, 'aud');
  if (!Array.isArray(aud)) return aud;
  const [audience, ...rest] = aud.filter(each => !others.includes(each));
  return audience === undefined || rest.length > 0 ? aud : audience;
}

/** Whether the token is for another receiver too, by its audience. */
function isShared(claims: unknown): boolean {
  const aud = member(claims, 'aud');
  return Array.isArray(aud) && aud.length > 1;
}

/** The `exp` of a token that is valid at `now`, in seconds. Throws `unauthenticated` for one that is not. */
export function validUntil(claims: unknown, now: number, maxLifeSeconds = MAX_LIFE_SECONDS): number {
  const exp = secondsAt(claims, 'exp');
  const iat = secondsAt(claims, 'iat');
  const nbf = member(claims, 'nbf') === undefined ? iat : secondsAt(claims, 'nbf');
  if (exp <= now - CLOCK_TOLERANCE_SECONDS) throw unauthenticated('the token has expired', 'expired');
  if (Math.max(iat, nbf) > now + CLOCK_TOLERANCE_SECONDS) throw unauthenticated('the token is not valid yet');
  if (exp - iat > maxLifeSeconds) throw unauthenticated('the token is valid for too long');
  return exp;
}

/**
 * Whether the token is for this audience alone: any other that it names could replay it here. Tokens of an issuer that is
 * configured without audience must have none (CVE-2024-5798: what is not compared is not checked).
 */
function requireAudience({ audience, otherAudiences }: Issuer, claims: unknown): void {
  if (audienceOf(claims, otherAudiences) !== (audience ?? undefined)) throw otherAudience(claims);
}

/** The error of a token whose audience is not ours alone. */
export function otherAudience(claims: unknown): PullpassError {
  const reason = isShared(claims)
    ? 'the token is for several audiences'
    : 'the token is for another audience';
  return unauthenticated(reason);
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

/** In characters. */
export const MAX_TOKEN_LENGTH = 16_384;

/** Members and lists of a header or a payload: both are read before the signature is verified. */
const MAX_PARTS = 1_000;

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
  const verified = new VerifiedSignatures();
  return async (token, nowMs) => {
    const { kid, payload } = readJws(token);
    const claims = readJson(payload);
    const name = member(claims, 'iss');
    const source = typeof name === 'string' ? byName.get(name) : undefined;
    if (source === undefined) throw unauthenticated('no configured issuer');
    const key = await source.keys.find(kid, nowMs);
    if (key === undefined) throw unauthenticated('the issuer has no such key');
    await verified.check(token, key, () => verifySignature(token, key));
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

/** Throws `unauthenticated` unless it verifies. A key that is for one algorithm verifies no other (RFC 8725 section 3.1). */
export async function verifySignature(text: string, { key, algorithm }: VerificationKey): Promise<void> {
  const algorithms = ALGORITHMS.filter(name => algorithm === undefined || algorithm === name);
  try {
    await compactVerify(text, key, { algorithms });
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
    return readStrictJson(bytes, { maxParts: MAX_PARTS });
  } catch {
    throw unauthenticated('the token is not readable');
  }
}

/** Without this, unused bits would give one token many strings (RFC 4648 section 3.5). */
function isCanonical(part: string): boolean {
  return Buffer.from(part, 'base64url').toString('base64url') === part;
}
