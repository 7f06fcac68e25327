/** Remembers briefly what an issuer answered, and bounds how much it is asked, in all and for each source. */

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { LRUCache } from 'lru-cache';
import { isYounger, type Moment, momentAt } from '../cache/refreshing.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';
import { Bulkhead, type BulkheadLimits } from '../limits/bulkhead.ts';
import { type FailureLimiter, sourceOf, TimeBudget } from '../limits/rate-limiter.ts';

/** Times are in milliseconds. */
export interface ExchangeLimits extends BulkheadLimits {
  /** How long an exchange takes at most, with everything that belongs to it. */
  readonly exchangeMs: number;
  /**
   * How long exchanges that identify no caller may take together in a minute. A function on Lambda does one thing at a
   * time: without this, junk would take the time of logins that need no issuer.
   */
  readonly fruitlessMsPerMinute: number;
  /** How long an identity is remembered, but never past the end of its assertion. */
  readonly acceptedMs: number;
  readonly refusedMs: number;
  /** How many of each are remembered. */
  readonly capacity: number;
}

const EXCHANGE_LIMITS: ExchangeLimits = {
  exchangeMs: 1500,
  fruitlessMsPerMinute: 15_000,
  atOnce: 20,
  atOncePerSource: 15,
  waiting: 100,
  waitMs: 2000,
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
  readonly sourceAddress: string;
  /** Asks the issuer. An error that is returned is its decision and is remembered; one that is thrown is not. */
  readonly ask: (signal: AbortSignal) => Promise<Exchanged | PullpassError>;
}

/** The decision of an issuer about one secret, and for how long it is remembered. */
interface Decision {
  readonly answer: Identity | PullpassError;
  readonly at: Moment;
  readonly forMs: number;
}

export interface ExchangeOptions {
  /** Random, of this process: what is remembered cannot be guessed at elsewhere. */
  readonly cacheKey: Uint8Array;
  readonly limits?: Partial<ExchangeLimits> | undefined;
  /** Asked before an exchange, so that a source that sends junk does not keep the issuer busy. */
  readonly failures?: FailureLimiter | undefined;
}

/** The exchanges with one endpoint. */
export class ExchangeCache {
  readonly #cacheKey: Uint8Array;
  readonly #limits: ExchangeLimits;
  readonly #failures: FailureLimiter | undefined;
  readonly #calls: Bulkhead;
  readonly #fruitless: TimeBudget;
  /** Apart from each other: a flood of wrong secrets must not push out good ones. */
  readonly #accepted: LRUCache<string, Decision>;
  readonly #refused: LRUCache<string, Decision>;
  readonly #inFlight = new Map<string, Promise<Identity>>();

  constructor({ cacheKey, limits, failures }: ExchangeOptions) {
    this.#cacheKey = cacheKey;
    this.#limits = { ...EXCHANGE_LIMITS, ...limits };
    this.#failures = failures;
    this.#calls = new Bulkhead(this.#limits);
    this.#fruitless = new TimeBudget(this.#limits.fruitlessMsPerMinute);
    this.#accepted = new LRUCache({ max: this.#limits.capacity });
    this.#refused = new LRUCache({ max: this.#limits.capacity });
  }

  /**
   * The identity, from memory or by asking. Throws the issuer's decision, `unavailable` without one in time, and
   * `rate-limited` when the source has failed too often to ask.
   */
  async identify(query: ExchangeQuery): Promise<Identity> {
    const { name, nowMs } = query;
    const hidden = createHmac('sha256', this.#cacheKey).update(name).digest('base64url');
    const known = [this.#accepted.get(hidden), this.#refused.get(hidden)];
    const answer = known.find(
      decision => decision !== undefined && isYounger(decision.at, decision.forMs, nowMs),
    )?.answer;
    if (answer instanceof PullpassError) throw answer;
    return answer ?? (await (this.#inFlight.get(hidden) ?? this.#start(hidden, query)));
  }

  #start(hidden: string, query: ExchangeQuery): Promise<Identity> {
    this.#requirePatience(query);
    const flight = this.#calls
      .run(sourceOf(query.sourceAddress), () => this.#exchange(hidden, query))
      .finally(() => this.#inFlight.delete(hidden));
    this.#inFlight.set(hidden, flight);
    return flight;
  }

  #requirePatience({ sourceAddress, nowMs }: ExchangeQuery): void {
    const retryAfterSeconds = this.#failures?.waitOf(sourceAddress, nowMs);
    if (retryAfterSeconds === undefined) return;
    throw new PullpassError('rate-limited', {
      retryAfterSeconds,
      reason: 'too many failures to ask the issuer',
    });
  }

  #requireTime({ elapsedMs }: Moment): void {
    const retryAfterSeconds = this.#fruitless.waitOf(elapsedMs);
    if (retryAfterSeconds === undefined) return;
    throw unavailable('exchanges that identified no caller took too long', { retryAfterSeconds });
  }

  async #exchange(hidden: string, query: ExchangeQuery): Promise<Identity> {
    // Others of the same source may have failed while this one waited.
    this.#requirePatience(query);
    const { nowMs, ask } = query;
    const { exchangeMs, acceptedMs, refusedMs } = this.#limits;
    const signal = AbortSignal.timeout(exchangeMs);
    const at = momentAt(nowMs);
    this.#requireTime(at);
    const consume = () => this.#fruitless.consume(at.elapsedMs, momentAt(nowMs).elapsedMs);
    const answer = await Promise.race([ask(signal), outOfTime(signal)]).catch(error => {
      consume();
      throw error;
    });
    if (answer instanceof PullpassError) {
      consume();
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
