/** Bounds how often something may be done by one key, such as the source of failures, and how long it may take in all. */

import { networkOf, remembered } from '../domain/networks.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { RateLimit } from '../ports/system.ts';

export interface RateLimiter {
  readonly take: RateLimit;
  /** The seconds until `take` is within bounds; undefined: it is now. Takes nothing. */
  readonly waitOf: RateLimit;
}

export interface FailureLimiter {
  /** Counts a failure from an address. Undefined: within bounds; else the seconds until the next is. */
  fail(sourceAddress: string, nowMs: number): number | undefined;
  /** The seconds until a failure from an address is within bounds; undefined: it is now. Counts nothing. */
  waitOf(sourceAddress: string, nowMs: number): number | undefined;
}

export function failureLimiter(perMinute: number, maxSources = MAX_KEYS): FailureLimiter {
  const { take, waitOf } = rateLimiter(perMinute, maxSources);
  return {
    fail: (sourceAddress, nowMs) => take(sourceOf(sourceAddress), nowMs),
    waitOf: (sourceAddress, nowMs) => waitOf(sourceOf(sourceAddress), nowMs),
  };
}

const MAX_KEYS = 10_000;

interface Bucket {
  readonly left: number;
  atMs: number;
}

/**
 * Each key has `perMinute` at once, and as many again in every minute. A bucket that is full again is forgotten, no other:
 * while there are too many, new keys share one, so that none is pushed out by many others.
 */
export function rateLimiter(perMinute: number, maxKeys = MAX_KEYS): RateLimiter {
  const buckets = new Map<string, Bucket>();
  const perMs = perMinute / (MINUTE_SECONDS * 1000);
  let [shared, sweptMs]: [Bucket | undefined, number] = [undefined, 0];

  function leftIn(bucket: Bucket | undefined, nowMs: number): number {
    if (bucket === undefined) return perMinute;
    // A clock that was set back: count from now on, or the bucket would stay as it is until the clock is there again.
    bucket.atMs = Math.min(bucket.atMs, nowMs);
    return Math.min(perMinute, bucket.left + (nowMs - bucket.atMs) * perMs);
  }
  const waitWith = (left: number) => (left >= 1 ? undefined : (1 - left) / perMs / 1000);

  /** At most once a second, because a flood of keys may come here each time. */
  function sweep(nowMs: number): void {
    if (Math.abs(nowMs - sweptMs) < 1000) return;
    sweptMs = nowMs;
    for (const [key, bucket] of buckets) if (leftIn(bucket, nowMs) >= perMinute) buckets.delete(key);
  }

  function bucketOf(key: string): Bucket | undefined {
    return buckets.get(key) ?? (buckets.size < maxKeys ? undefined : shared);
  }

  return {
    take(key, nowMs) {
      if (!buckets.has(key) && buckets.size >= maxKeys) sweep(nowMs);
      const left = leftIn(bucketOf(key), nowMs);
      const bucket = { left: left >= 1 ? left - 1 : left, atMs: nowMs };
      if (buckets.has(key) || buckets.size < maxKeys) buckets.set(key, bucket);
      else shared = bucket;
      return waitWith(left);
    },
    waitOf: (key, nowMs) => waitWith(leftIn(bucketOf(key), nowMs)),
  };
}

/**
 * The unit that is bounded: an IPv4 address, or the /64 of an IPv6 address, as one host has all of it to ask from. What is no
 * address is a unit as it is.
 */
export const sourceOf = remembered((address: string) => networkOf(address, 64) ?? address);

/** So much time in a minute. Times are of the monotonic clock, in milliseconds. */
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

  consume(from: number, to: number): void {
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
