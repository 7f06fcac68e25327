/** Bounds the time that something takes in all: so much in a minute. Times are of the monotonic clock, in milliseconds. */
import { MINUTE_SECONDS } from '../domain/time.ts';

export class TimeBudget {
  readonly #perMinute: number;
  #left: number;
  #at = 0;

  constructor(msPerMinute: number) {
    this.#perMinute = msPerMinute;
    this.#left = msPerMinute;
  }

  /** Seconds until there is time again; undefined: there is some. What then begins may take more than is left. */
  waitOf(now: number): number | undefined {
    const left = this.#leftAt(now);
    return left > 0 ? undefined : (1 - left) / this.#perMs / 1000;
  }

  spend(from: number, to: number): void {
    this.#left = this.#leftAt(to) - (to - from);
    this.#at = to;
  }

  get #perMs(): number {
    return this.#perMinute / (MINUTE_SECONDS * 1000);
  }

  #leftAt(now: number): number {
    return Math.min(this.#perMinute, this.#left + Math.max(0, now - this.#at) * this.#perMs);
  }
}
