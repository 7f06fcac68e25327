/** The days that a ledger is kept by, as `2026-11-21`, in UTC. */
import { LEDGER_SECONDS } from '../domain/loss.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import type { TimeRange } from '../ports-ledger.ts';

const DAY_MS = DAY_SECONDS * 1000;

export function dayOf(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}

/** The day of the oldest entry that is still kept. */
export function oldestDay(nowMs: number): string {
  return dayOf(nowMs - LEDGER_SECONDS * 1000);
}

/** The first day of the span that is still kept. */
export function firstDay({ sinceMs, nowMs }: TimeRange): string {
  const [day, oldest] = [dayOf(sinceMs), oldestDay(nowMs)];
  return day > oldest ? day : oldest;
}

/** The day after; undefined when that is beyond tomorrow, which a clock that is ahead may have written. */
export function dayAfter(day: string, nowMs: number): string | undefined {
  const next = Date.parse(day) + DAY_MS;
  return next > nowMs + DAY_MS ? undefined : dayOf(next);
}
