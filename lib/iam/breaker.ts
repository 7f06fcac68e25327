/** Stops asking an endpoint that does not answer, so that callers fail at once instead of queueing for a time-out. */
import { unanswered } from './refusals.ts';

/** So many failures in a row open it. */
export const BREAKER_FAILURES = 5;
/** So long it stays open, in milliseconds, before it lets one trial through. Longer than any trial takes. */
export const BREAKER_OPEN_MS = 5000;

export class Breaker {
  #failures = 0;
  #openUntilMs = 0;

  /** Throws `unavailable` while open. The one that is let through afterwards keeps it open for the others. */
  enter(nowMs: number): void {
    if (this.#failures < BREAKER_FAILURES) return;
    if (nowMs < this.#openUntilMs) {
      throw unanswered('the breaker is open', Math.ceil((this.#openUntilMs - nowMs) / 1000));
    }
    this.#openUntilMs = nowMs + BREAKER_OPEN_MS;
  }

  /** The endpoint answered, whatever it said. */
  answered(): void {
    this.#failures = 0;
  }

  /** The endpoint did not answer a request that was made at `nowMs`. */
  failed(nowMs: number): void {
    this.#failures += 1;
    this.#openUntilMs = Math.max(this.#openUntilMs, nowMs + BREAKER_OPEN_MS);
  }
}
