/** Bounds how often one source address may fail to authenticate: a token bucket for each, in this process only. */
import { MINUTE_SECONDS } from '../domain/time.ts';
import { sourceOf } from './source.ts';

/** Notes a failure from an address. Undefined: within bounds; else the seconds until the next is. */
export type FailureLimiter = (sourceAddress: string, nowMs: number) => number | undefined;

const MAX_SOURCES = 10_000;

interface Bucket {
  readonly left: number;
  readonly atMs: number;
}

/**
 * Each source may fail `perMinute` times at once, and as often again in every minute. When there are too many
 * sources the one that failed longest ago is forgotten.
 */
export function failureLimiter(perMinute: number): FailureLimiter {
  const buckets = new Map<string, Bucket>();
  const perMs = perMinute / (MINUTE_SECONDS * 1000);
  return (sourceAddress, nowMs) => {
    const source = sourceOf(sourceAddress);
    const bucket = buckets.get(source) ?? { left: perMinute, atMs: nowMs };
    const refilled = Math.min(perMinute, bucket.left + Math.max(0, nowMs - bucket.atMs) * perMs);
    const allowed = refilled >= 1;
    buckets.delete(source);
    buckets.set(source, { left: allowed ? refilled - 1 : refilled, atMs: nowMs });
    if (buckets.size > MAX_SOURCES) buckets.delete(buckets.keys().next().value ?? '');
    return allowed ? undefined : (1 - refilled) / perMs / 1000;
  };
}
