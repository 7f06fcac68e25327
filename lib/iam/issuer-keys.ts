/** The public keys of an issuer, cached against floods of tokens and for when the issuer is down. */

import { createPublicKey, type JsonWebKey, type KeyObject } from 'node:crypto';
import { refreshing } from '../cache/refreshing.ts';
import { unavailable } from '../domain/errors.ts';
import { member, readStrictJson } from '../domain/strict-json.ts';
import { Bulkhead } from '../limits/bulkhead.ts';
import { boundedRequest, type Connections, DIRECT, endpoint } from './http-client.ts';

const KEY_SET_BYTES = 100 * 1024;

const KEY_FETCH_MS = 2500;

const WAITING_FOR_KEYS = 100;

/** The shortest time between two fetches, even if tokens name other keys or the last fetch failed. */
export const KEY_FETCH_INTERVAL_MS = 10_000;

/** After this time the set is fetched again; a key that the issuer has removed is then no longer trusted. */
export const KEY_SET_FRESH_MS = 300_000;

/** How long keys work after the last good fetch while the issuer is down. */
export const KEY_SET_USABLE_MS = 3_600_000;

export interface IssuerKeysLimits {
  /** How long a fetch takes at most, in milliseconds, from the connection to the last byte. */
  readonly fetchMs: number;
  /** How many logins wait for a fetch at once, so that the others have room. */
  readonly waitingForKeys: number;
}

export interface IssuerKeys {
  /**
   * The issuer's key named `kid`; undefined: it has none. Throws `unavailable` when the issuer would have to be asked
   * and does not answer.
   */
  find(kid: string, nowMs: number): Promise<VerificationKey | undefined>;
}

/**
 * The keys that an issuer publishes at `keysUrl`. One cache per issuer, so its key is (issuer, kid): a kid of one issuer
 * never finds the key of another (CVE-2026-49998). Throws for a URL that is neither https nor of this machine.
 */
export function issuerKeySet(
  keysUrl: string,
  {
    fetchMs = KEY_FETCH_MS,
    waitingForKeys = WAITING_FOR_KEYS,
    connections = DIRECT,
  }: Partial<IssuerKeysLimits> & { readonly connections?: Connections | undefined } = {},
): IssuerKeys {
  const url = endpoint(keysUrl);
  const keys = refreshing({
    load: () => fetchKeySet({ url, fetchMs, connections }),
    freshFor: KEY_SET_FRESH_MS,
    usableFor: KEY_SET_USABLE_MS,
    retryAfter: KEY_FETCH_INTERVAL_MS,
  });
  const waiters = new Bulkhead({
    atOnce: waitingForKeys,
    atOncePerSource: waitingForKeys,
    waiting: 0,
    waitMs: 0,
  });
  return {
    async find(kid, nowMs) {
      const known = keys.peek(nowMs)?.get(kid);
      if (known !== undefined) return known;
      return await waiters.run(
        '',
        async () => (await keys.get(nowMs)).get(kid) ?? (await keys.reload(nowMs)).get(kid),
      );
    },
  };
}

interface Fetch {
  readonly url: URL;
  readonly fetchMs: number;
  readonly connections: Connections;
}

async function fetchKeySet({ url, fetchMs, connections }: Fetch): Promise<KeySet> {
  try {
    const signal = AbortSignal.timeout(fetchMs);
    const { status, body } = await boundedRequest({ url, maxBytes: KEY_SET_BYTES, signal, connections });
    if (status !== 200) throw new Error(`the keys were answered with status ${status}`);
    return readKeySet(body);
  } catch (cause) {
    throw unavailable('the issuer did not give its keys', {
      retryAfterSeconds: KEY_FETCH_INTERVAL_MS / 1000,
      cause,
    });
  }
}

/** Issuers publish a handful. */
export const MAX_KEYS = 64;

export interface VerificationKey {
  readonly key: KeyObject;
  /** The only algorithm that the key may be used with; undefined: the set does not say. */
  readonly algorithm: string | undefined;
}

/** By `kid`. */
export type KeySet = ReadonlyMap<string, VerificationKey>;

/**
 * Reads a key set. Keys for other purposes, of unknown kinds, or without a `kid` are left out, as section 5 asks.
 * Throws for anything that is not a key set, or holds too many keys.
 */
export function readKeySet(body: Uint8Array): KeySet {
  const keys = member(readStrictJson(body), 'keys');
  if (!Array.isArray(keys) || keys.length > MAX_KEYS) throw new TypeError('not a JWK set');
  return new Map(keys.flatMap(verificationKey));
}

function verificationKey(jwk: unknown): [string, VerificationKey][] {
  const kid = member(jwk, 'kid');
  const use = member(jwk, 'use');
  const operations = member(jwk, 'key_ops');
  const algorithm = member(jwk, 'alg');
  if (typeof kid !== 'string' || (use !== undefined && use !== 'sig')) return [];
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) return [];
  if (algorithm !== undefined && typeof algorithm !== 'string') return [];
  try {
    return [[kid, { key: createPublicKey({ key: jwk as JsonWebKey, format: 'jwk' }), algorithm }]];
  } catch {
    return [];
  }
}
