/** When a key signs, and for how long it is published. */
import { LIFETIME_SECONDS } from './service.ts';
import { DAY_SECONDS, HOUR_SECONDS, MINUTE_SECONDS } from './time.ts';

/** The life of a key; times are seconds since 1970. */
export interface KeyTimes {
  /** It signs from then on; null: it is published, and the operator has yet to activate it. */
  readonly useFrom: number | null;
  /** From then on it is not needed; null: not known yet. */
  readonly dropAfter: number | null;
}

/** The life of a leaf certificate, and thereby the longest use of a stolen one. */
export const LEAF_SECONDS = 14 * DAY_SECONDS;
/** After this time the next leaf takes over; the rest of its life is for rotations that fail. */
export const LEAF_USE_SECONDS = 7 * DAY_SECONDS;
/** A new leaf is published this long before it signs. */
export const LEAF_LEAD_SECONDS = HOUR_SECONDS;
/** An access token may be accepted this long after it was signed: lifetime, its margin, the registry's leeway. */
export const LONGEST_TOKEN_SECONDS = LIFETIME_SECONDS.max + 2 * MINUTE_SECONDS;

/** The key that signs now: the newest of those in use. */
export function currentKey<K extends KeyTimes>(keys: readonly K[], now: number): K | undefined {
  return keys
    .filter(key => key.useFrom !== null && key.useFrom <= now && outlivesTokens(key, now))
    .reduce<K | undefined>((last, key) => (startOf(key) > startOf(last) ? key : last), undefined);
}

/** The key that takes over from the current one: it waits for the operator, or for its time. */
export function nextKey<K extends KeyTimes>(keys: readonly K[], now: number): K | undefined {
  return keys
    .filter(({ useFrom }) => useFrom === null || useFrom > now)
    .reduce<K | undefined>(
      (first, key) => (first === undefined || startOf(key) < startOf(first) ? key : first),
      undefined,
    );
}

/** The keys that verifiers need: in use, upcoming, or with tokens that may still be valid. */
export function publishedKeys<K extends KeyTimes>(keys: readonly K[], now: number): K[] {
  return keys.filter(key => key.dropAfter === null || key.dropAfter > now);
}

/**
 * The keys but those that start later than a rotation ever plans: they were made by a clock that was ahead, and would
 * keep the ring from making others until then.
 */
export function withoutFuture<K extends KeyTimes>(keys: readonly K[], now: number): K[] {
  return keys.filter(key => startOf(key) <= now + LEAF_LEAD_SECONDS);
}

/**
 * When a ring that rotates by itself needs its next key to start: undefined while it needs none. A ring without a
 * usable key needs one now.
 */
export function nextLeafStart(keys: readonly KeyTimes[], now: number): number | undefined {
  if (currentKey(keys, now) === undefined) return now;
  const newest = Math.max(...keys.map(startOf));
  const soonest = now + LEAF_LEAD_SECONDS;
  return newest + LEAF_USE_SECONDS <= soonest ? soonest : undefined;
}

function outlivesTokens({ dropAfter }: KeyTimes, now: number): boolean {
  return dropAfter === null || dropAfter >= now + LONGEST_TOKEN_SECONDS;
}

function startOf(key: KeyTimes | undefined): number {
  return key?.useFrom ?? Number.NEGATIVE_INFINITY;
}
