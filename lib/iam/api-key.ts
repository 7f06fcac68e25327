/** Who an API key belongs to: exchanged at its issuer, and remembered only under a keyed hash, and briefly. */
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { PullpassError } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import type { AccessTokenVerifier } from './access-token.ts';
import { BoundedCache } from './bounded-cache.ts';
import { refused, unanswered } from './refusals.ts';
import { RETRY_AFTER_SECONDS, TokenEndpoint } from './token-endpoint.ts';

/** RFC 6749 section 4.5: an extension grant. */
export const API_KEY_GRANT = 'urn:ibm:params:oauth:grant-type:apikey';
/** Exchange and verification together take this long at most, in milliseconds. */
const EXCHANGE_MS = 1500;
/** So many API keys may be on their way to the issuer at once. */
export const MAX_IN_FLIGHT = 20;
/** An identity is remembered this long, but never past the end of its token. */
const ACCEPTED_MS = 60_000;
/** A 4xx is remembered this long. */
const REFUSED_MS = 10_000;

const ACCEPTED_CAPACITY = 1000;
const REFUSED_CAPACITY = 1000;
const API_KEY = /^[\x21-\x7e]{8,256}$/;

/** Whether `text` can be an API key; the issuer is asked about nothing else. */
export function isApiKey(text: string): boolean {
  return API_KEY.test(text);
}

export interface ApiKeyExchangeOptions {
  readonly tokenUrl: string;
  /** Knows the issuer of `tokenUrl` and no other: it must not vouch for another's accounts. */
  readonly verify: AccessTokenVerifier;
  /** Random, of this process: what is remembered cannot be tried out elsewhere. */
  readonly cacheKey: Uint8Array;
}

export class ApiKeyExchange {
  readonly #endpoint: TokenEndpoint;
  readonly #verify: AccessTokenVerifier;
  readonly #cacheKey: Uint8Array;
  readonly #accepted = new BoundedCache<Identity>(ACCEPTED_CAPACITY);
  readonly #refused = new BoundedCache<PullpassError>(REFUSED_CAPACITY);
  readonly #inFlight = new Map<string, Promise<Identity>>();

  constructor({ tokenUrl, verify, cacheKey }: ApiKeyExchangeOptions) {
    this.#endpoint = new TokenEndpoint(tokenUrl);
    this.#verify = verify;
    this.#cacheKey = cacheKey;
  }

  /**
   * The identity that the key belongs to: a strong one, as we made the exchange ourselves. Throws
   * `unauthenticated` for a key that the issuer refuses, `unavailable` when it does not answer in time.
   */
  async identify(apiKey: string, nowMs: number): Promise<Identity> {
    if (!isApiKey(apiKey)) throw refused('not an API key');
    const name = createHmac('sha256', this.#cacheKey).update(apiKey).digest('base64url');
    const accepted = this.#accepted.get(name, nowMs);
    if (accepted !== undefined) return accepted;
    const refusal = this.#refused.get(name, nowMs);
    if (refusal !== undefined) throw refusal;
    return await (this.#inFlight.get(name) ?? this.#start(name, apiKey, nowMs));
  }

  #start(name: string, apiKey: string, nowMs: number): Promise<Identity> {
    if (this.#inFlight.size >= MAX_IN_FLIGHT) throw unanswered('too many exchanges in flight', 1);
    const flight = this.#exchange(name, apiKey, nowMs).finally(() => this.#inFlight.delete(name));
    this.#inFlight.set(name, flight);
    return flight;
  }

  async #exchange(name: string, apiKey: string, nowMs: number): Promise<Identity> {
    const signal = AbortSignal.timeout(EXCHANGE_MS);
    const form = new URLSearchParams({ grant_type: API_KEY_GRANT, apikey: apiKey });
    const answer = await this.#endpoint.exchange(form, signal, nowMs);
    if (answer instanceof PullpassError) {
      this.#refused.set(name, answer, nowMs + REFUSED_MS);
      throw answer;
    }
    const bearer = await Promise.race([this.#verify(answer, nowMs), outOfTime(signal)]);
    const identity: Identity = { ...bearer, kind: 'iamapikey', strength: 'strong', expiresAt: null };
    this.#accepted.set(name, identity, Math.min(nowMs + ACCEPTED_MS, bearer.expiresAt * 1000));
    return identity;
  }
}

async function outOfTime(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw unanswered('the exchanged token was not verified in time', RETRY_AFTER_SECONDS);
}
