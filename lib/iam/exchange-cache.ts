/** Remembers briefly what an issuer answered, and limits how many exchanges are in flight. */

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { LRUCache } from 'lru-cache';
import { isYounger, type Moment, momentAt } from '../cache/age.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';

/** Times are in milliseconds. */
export interface ExchangeLimits {
  /** How long an exchange takes at most, with everything that belongs to it. */
  readonly exchangeMs: number;
  readonly maxInFlight: number;
  /** How long an identity is remembered, but never past the end of its assertion. */
  readonly acceptedMs: number;
  readonly refusedMs: number;
  /** How many of each are remembered. */
  readonly capacity: number;
}

export const EXCHANGE_LIMITS: ExchangeLimits = {
  exchangeMs: 1500,
  maxInFlight: 20,
  acceptedMs: 60_000,
  refusedMs: 10_000,
  capacity: 1000,
};

const RETRY_AFTER_SECONDS = 5;

/** Who it is, and until when that may be remembered, in milliseconds since 1970. */
export interface Exchanged {
  readonly identity: Identity;
  readonly untilMs: number;
}

export interface ExchangeQuery {
  /** What the answer belongs to: the secret with its kind. It is remembered under a keyed hash only. */
  readonly name: string;
  readonly nowMs: number;
  /** Asks the issuer. An error that is returned is its decision and is remembered; one that is thrown is not. */
  readonly ask: (signal: AbortSignal) => Promise<Exchanged | PullpassError>;
}

/** The decision of an issuer about one secret, and for how long it is remembered. */
interface Decision {
  readonly answer: Identity | PullpassError;
  readonly at: Moment;
  readonly forMs: number;
}

/** The exchanges with one endpoint. */
export class ExchangeCache {
  /** Random, of this process: what is remembered cannot be guessed at elsewhere. */
  readonly #cacheKey: Uint8Array;
  readonly #limits: ExchangeLimits;
  /** Apart from each other: a flood of wrong secrets must not push out good ones. */
  readonly #accepted: LRUCache<string, Decision>;
  readonly #refused: LRUCache<string, Decision>;
  readonly #inFlight = new Map<string, Promise<Identity>>();

  constructor(cacheKey: Uint8Array, limits: Partial<ExchangeLimits> = {}) {
    this.#cacheKey = cacheKey;
    this.#limits = { ...EXCHANGE_LIMITS, ...limits };
    this.#accepted = new LRUCache({ max: this.#limits.capacity });
    this.#refused = new LRUCache({ max: this.#limits.capacity });
  }

  /** The identity, from memory or by asking. Throws the issuer's decision, or `unavailable` without one in time. */
  async identify({ name, nowMs, ask }: ExchangeQuery): Promise<Identity> {
    const hidden = createHmac('sha256', this.#cacheKey).update(name).digest('base64url');
    const known = [this.#accepted.get(hidden), this.#refused.get(hidden)];
    const answer = known.find(
      decision => decision !== undefined && isYounger(decision.at, decision.forMs, nowMs),
    )?.answer;
    if (answer instanceof PullpassError) throw answer;
    return answer ?? (await (this.#inFlight.get(hidden) ?? this.#start(hidden, nowMs, ask)));
  }

  #start(hidden: string, nowMs: number, ask: ExchangeQuery['ask']): Promise<Identity> {
    if (this.#inFlight.size >= this.#limits.maxInFlight)
      throw unavailable('too many exchanges in flight', { retryAfterSeconds: 1 });
    const flight = this.#exchange(hidden, nowMs, ask).finally(() => this.#inFlight.delete(hidden));
    this.#inFlight.set(hidden, flight);
    return flight;
  }

  async #exchange(hidden: string, nowMs: number, ask: ExchangeQuery['ask']): Promise<Identity> {
    const { exchangeMs, acceptedMs, refusedMs } = this.#limits;
    const signal = AbortSignal.timeout(exchangeMs);
    const at = momentAt(nowMs);
    const answer = await Promise.race([ask(signal), outOfTime(signal)]);
    if (answer instanceof PullpassError) {
      this.#refused.set(hidden, { answer, at, forMs: refusedMs });
      throw answer;
    }
    const { identity, untilMs } = answer;
    const forMs = Math.min(acceptedMs, untilMs - nowMs);
    this.#accepted.set(hidden, { answer: identity, at, forMs });
    return identity;
  }
}

async function outOfTime(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw unavailable('the exchange was not over in time', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
