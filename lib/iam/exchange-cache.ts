/** Remembers briefly what an issuer answered, and bounds how many exchanges are in flight. */

import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { Identity } from '../domain/identity.ts';

/** A map whose entries end by timestamp and whose oldest entry gives way: it neither outlives a freeze nor grows. */

export class BoundedCache<Value> {
  readonly #capacity: number;
  readonly #entries = new Map<string, { readonly value: Value; readonly untilMs: number }>();

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get size(): number {
    return this.#entries.size;
  }

  /** The value under `key`, unless its time is over at `nowMs`. */
  get(key: string, nowMs: number): Value | undefined {
    const entry = this.#entries.get(key);
    return entry !== undefined && nowMs < entry.untilMs ? entry.value : undefined;
  }

  set(key: string, value: Value, untilMs: number): void {
    this.#entries.delete(key);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= this.#capacity && !oldest.done) this.#entries.delete(oldest.value);
    this.#entries.set(key, { value, untilMs });
  }
}

/** An exchange, with all that belongs to it, takes this long at most, in milliseconds. */
const EXCHANGE_MS = 1500;

/** So many exchanges may be under way at once. */
export const MAX_IN_FLIGHT = 20;

/** An identity is remembered this long, but never past the end of its proof. */
const ACCEPTED_MS = 60_000;

/** A refusal is remembered this long. */
const REFUSED_MS = 10_000;

const RETRY_AFTER_SECONDS = 5;

const ACCEPTED_CAPACITY = 1000;

const REFUSED_CAPACITY = 1000;

/** Who it turned out to be, and until when that may be remembered, in milliseconds since 1970. */
export interface Recognised {
  readonly identity: Identity;
  readonly untilMs: number;
}

/**
 * Asks the issuer. An error that is answered is its judgement and is remembered; one that is thrown says that there
 * was none.
 */
export type Ask = (signal: AbortSignal) => Promise<Recognised | PullpassError>;

export interface ExchangeQuery {
  /** What the answer belongs to: the secret with its kind. It is remembered under a keyed hash only. */
  readonly name: string;
  readonly nowMs: number;
  readonly ask: Ask;
}

/** The exchanges with one endpoint. */
export class ExchangeCache {
  /** Random, of this process: what is remembered cannot be tried out elsewhere. */
  readonly #cacheKey: Uint8Array;
  readonly #accepted = new BoundedCache<Identity>(ACCEPTED_CAPACITY);
  readonly #refused = new BoundedCache<PullpassError>(REFUSED_CAPACITY);
  readonly #inFlight = new Map<string, Promise<Identity>>();

  constructor(cacheKey: Uint8Array) {
    this.#cacheKey = cacheKey;
  }

  /** The identity, from memory or by asking. Throws the issuer's judgement, or `unavailable` without one in time. */
  async identify({ name, nowMs, ask }: ExchangeQuery): Promise<Identity> {
    const hidden = createHmac('sha256', this.#cacheKey).update(name).digest('base64url');
    const accepted = this.#accepted.get(hidden, nowMs);
    if (accepted !== undefined) return accepted;
    const refusal = this.#refused.get(hidden, nowMs);
    if (refusal !== undefined) throw refusal;
    return await (this.#inFlight.get(hidden) ?? this.#start(hidden, nowMs, ask));
  }

  #start(hidden: string, nowMs: number, ask: Ask): Promise<Identity> {
    if (this.#inFlight.size >= MAX_IN_FLIGHT)
      throw unavailable('too many exchanges in flight', { retryAfterSeconds: 1 });
    const flight = this.#exchange(hidden, nowMs, ask).finally(() => this.#inFlight.delete(hidden));
    this.#inFlight.set(hidden, flight);
    return flight;
  }

  async #exchange(hidden: string, nowMs: number, ask: Ask): Promise<Identity> {
    const signal = AbortSignal.timeout(EXCHANGE_MS);
    const answer = await Promise.race([ask(signal), outOfTime(signal)]);
    if (answer instanceof PullpassError) {
      this.#refused.set(hidden, answer, nowMs + REFUSED_MS);
      throw answer;
    }
    const { identity, untilMs } = answer;
    this.#accepted.set(hidden, identity, Math.min(nowMs + ACCEPTED_MS, untilMs));
    return identity;
  }
}

async function outOfTime(signal: AbortSignal): Promise<never> {
  if (!signal.aborted) await once(signal, 'abort');
  throw unavailable('the exchange was not over in time', { retryAfterSeconds: RETRY_AFTER_SECONDS });
}
