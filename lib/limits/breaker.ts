/** A circuit breaker: an endpoint that does not answer is not asked by everyone, again and again. */
import { isYounger, type Moment, momentAt } from '../cache/refreshing.ts';
import { unavailable } from '../domain/errors.ts';

/** The breaker opens after this many failures in a row. */
export const BREAKER_FAILURES = 5;

/** How long it stays open before it lets one trial through; must be longer than any trial takes. */
export const BREAKER_OPEN_MS = 5000;

/** Stops requests to an endpoint that does not answer, so that callers need not wait for it. */
export class Breaker {
  readonly #openMs: number;
  #failures = 0;
  /** When the last request failed, or the last trial began. */
  #openedAt: Moment | undefined;

  constructor(openMs = BREAKER_OPEN_MS) {
    this.#openMs = openMs;
  }

  /** Throws `unavailable` while open. Then one trial may pass, during which it stays open for others. */
  enter(nowMs: number): void {
    if (this.#failures < BREAKER_FAILURES) return;
    if (this.#openedAt !== undefined && isYounger(this.#openedAt, this.#openMs, nowMs)) {
      const leftMs = this.#openedAt.nowMs + this.#openMs - nowMs;
      throw unavailable('the breaker is open', { retryAfterSeconds: Math.ceil(leftMs / 1000) });
    }
    this.#openedAt = momentAt(nowMs);
  }

  /** The endpoint answered. */
  answered(): void {
    this.#failures = 0;
  }

  /** The endpoint did not answer a request that was made at `nowMs`. */
  failed(nowMs: number): void {
    this.#failures += 1;
    this.#openedAt = momentAt(nowMs);
  }
}
