/** Bounds how often one source may fail to authenticate: a token bucket for each, in this process only. */
import { MINUTE_SECONDS } from '../domain/time.ts';
import { sourceOf } from './source.ts';

export interface FailureLimiter {
  /** Counts a failure from an address. Undefined: within bounds; else the seconds until the next is. */
  fail(sourceAddress: string, nowMs: number): number | undefined;
  /** The seconds until a failure from an address is within bounds; undefined: it is now. Counts nothing. */
  waitOf(sourceAddress: string, nowMs: number): number | undefined;
}

const MAX_SOURCES = 10_000;

interface Bucket {
  readonly left: number;
  atMs: number;
}

/**
 * Each source may fail `perMinute` times at once, and as often again in every minute. A bucket that is full again is
 * forgotten, no other: while there are too many, new sources share one, so that none is pushed out by many others.
 */
export function failureLimiter(perMinute: number, maxSources = MAX_SOURCES): FailureLimiter {
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

  /** At most once a second, because a flood of sources may come here each time. */
  function sweep(nowMs: number): void {
    if (Math.abs(nowMs - sweptMs) < 1000) return;
    sweptMs = nowMs;
    for (const [source, bucket] of buckets) if (leftIn(bucket, nowMs) >= perMinute) buckets.delete(source);
  }

  function bucketOf(source: string): Bucket | undefined {
    return buckets.get(source) ?? (buckets.size < maxSources ? undefined : shared);
  }

  return {
    fail(sourceAddress, nowMs) {
      const source = sourceOf(sourceAddress);
      if (!buckets.has(source) && buckets.size >= maxSources) sweep(nowMs);
      const left = leftIn(bucketOf(source), nowMs);
      const bucket = { left: left >= 1 ? left - 1 : left, atMs: nowMs };
      if (buckets.has(source) || buckets.size < maxSources) buckets.set(source, bucket);
      else shared = bucket;
      return waitWith(left);
    },
    waitOf: (sourceAddress, nowMs) => waitWith(leftIn(bucketOf(sourceOf(sourceAddress)), nowMs)),
  };
}
