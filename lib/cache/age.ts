/**
 * Whether something is younger than a span. The system's clock may be ahead and then be set back, and a function may be
 * frozen, during which the monotonic clock stands still: what counts as young has to be young by both.
 */

export interface Moment {
  /** By the system's clock, in milliseconds since 1970. */
  readonly nowMs: number;
  /** By the monotonic clock of this process, in milliseconds. */
  readonly elapsedMs: number;
}

/** This moment, which the caller's clock calls `nowMs`. */
export function momentAt(nowMs: number): Moment {
  return { nowMs, elapsedMs: performance.now() };
}

/** Whether less than `spanMs` has passed since `since`; false when the clock was set back behind it. */
export function isYounger(since: Moment, spanMs: number, nowMs: number): boolean {
  const age = nowMs - since.nowMs;
  return age >= 0 && age < spanMs && performance.now() - since.elapsedMs < spanMs;
}
