/** The response of a token endpoint (RFC 6749 section 5), as issuers really send it. The broker and the command share it. */
import { member, parseStrictJson } from '../domain/strict-json.ts';

export interface IssuedTokens {
  readonly accessToken: string;
  /** null: the issuer gave none. */
  readonly refreshToken: string | null;
  /** How long the access token is valid from now on; undefined: the answer does not say. */
  readonly lifeSeconds: number | undefined;
}

/** `refused`: the issuer refuses what was sent. `failed`: it said nothing about that. */
export type TokenResponse =
  | { readonly kind: 'issued'; readonly tokens: IssuedTokens }
  | { readonly kind: 'failed' | 'refused' };

/** Other statuses say nothing about what was sent (CVE-2026-45781: 429). */
const REFUSALS: ReadonlySet<number> = new Set([400, 401, 403]);

/** RFC 6749 appendix A.12 and A.17. */
const TOKEN = /^[\x20-\x7e]+$/;

const DECIMAL = /^ *\d+(?:\.\d*)? *$/;

/** IBM Cloud IAM sends this text instead of a refresh token when it gives none. */
const NO_REFRESH_TOKEN = 'not_supported';

/** Reads any answer (RFC 6749 section 5), for the command too; one that is not understood is `failed`. */
export function readTokenResponse(status: number, body: Uint8Array | string): TokenResponse {
  if (REFUSALS.has(status)) return { kind: 'refused' };
  const tokens = status >= 200 && status < 300 ? issuedTokens(body) : undefined;
  return tokens === undefined ? { kind: 'failed' } : { kind: 'issued', tokens };
}

/** Whether a refusal is of our client, which says nothing about the caller's secret (RFC 6749 section 5.2). */
export function refusesClient(body: Uint8Array | string): boolean {
  return member(jsonIn(body), 'error') === 'invalid_client';
}

/** The claims of a JWT whose signature is not checked; undefined for any other text. */
export function unverifiedClaims(token: string): unknown {
  try {
    const [, claims = ''] = token.split('.');
    return JSON.parse(Buffer.from(claims, 'base64url').toString('utf8'));
  } catch {
    return undefined;
  }
}

function issuedTokens(body: Uint8Array | string): IssuedTokens | undefined {
  const answer = jsonIn(body);
  const accessToken = tokenIn(answer, 'access_token');
  if (accessToken === null) return undefined;
  const refreshToken = tokenIn(answer, 'refresh_token');
  return {
    accessToken,
    refreshToken: refreshToken === NO_REFRESH_TOKEN ? null : refreshToken,
    lifeSeconds: lifeOf(member(answer, 'expires_in'), unverifiedClaims(accessToken)),
  };
}

function tokenIn(answer: unknown, name: string): string | null {
  const value = member(answer, name);
  return typeof value === 'string' && TOKEN.test(value) && value.trim() !== '' ? value : null;
}

/**
 * The shorter of what the answer and the token say: `expires_in` is optional, some issuers send text or milliseconds.
 * A token's own times are compared with each other, because our clock may be wrong.
 */
function lifeOf(expiresIn: unknown, claims: unknown): number | undefined {
  const [issuedAt, expiresAt] = [member(claims, 'iat'), member(claims, 'exp')];
  const ofToken =
    typeof issuedAt === 'number' && typeof expiresAt === 'number' ? expiresAt - issuedAt : undefined;
  const known = [secondsOf(expiresIn), secondsOf(ofToken)].filter(life => life !== undefined);
  return known.length === 0 ? undefined : Math.min(...known);
}

/** A whole number of seconds, at least one; undefined for anything else. */
function secondsOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && DECIMAL.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !(number >= 1)) return undefined;
  const seconds = Math.floor(number);
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** A byte order mark before the JSON is ignored (RFC 8259 section 8.1). */
function jsonIn(body: Uint8Array | string): unknown {
  try {
    const text = typeof body === 'string' ? body : new TextDecoder('utf-8', { fatal: true }).decode(body);
    return parseStrictJson(text.replace(/^\ufeff/, ''));
  } catch {
    return undefined;
  }
}
