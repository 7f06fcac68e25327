/** Bounds how often one source address may fail to authenticate: a token bucket for each, in this process only. */
import { MINUTE_SECONDS } from '../domain/time.ts';

/** Notes a failure from an address. Undefined: within bounds; else the seconds until the next is. */
export type FailureLimiter = (sourceAddress: string, nowMs: number) => number | undefined;

const MAX_SOURCES = 10_000;
/** Also as a socket that listens on IPv6 spells it (RFC 4291 section 2.5.5.2). */
const IPV4 = /^(?:::ffff:)?(\d+\.\d+\.\d+\.\d+)$/i;

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

/** An IPv6 host has a whole /64 to fail from, so that is one source. */
function sourceOf(address: string): string {
  const ipv4 = IPV4.exec(address)?.[1];
  if (ipv4 !== undefined) return ipv4;
  const [head = '', tail] = address.split('::');
  const before = head.split(':').filter(group => group !== '');
  const after = (tail ?? '').split(':').filter(group => group !== '');
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length;
  return [...before, ...Array<string>(Math.max(0, zeros)).fill('0'), ...after].slice(0, 4).join(':');
}
