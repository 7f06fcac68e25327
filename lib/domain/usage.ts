/** How often images were pulled: one counter for each day, registry token and repository. */
import { DAY_SECONDS, dayOf } from './time.ts';

/** How long a counter is kept after its day. */
export const USAGE_DAYS = 400;

/** What JSON Schema says of a day; `isDay` reads the same, and that there is such a day. */
export const DAY_PATTERN = '^2[0-9]{3}-[0-9]{2}-[0-9]{2}$';
const DAY = new RegExp(DAY_PATTERN);

/** A day of UTC, as `2026-11-21`: days sort as texts. */
export type Day = string;

/** What is counted together. */
export interface CounterName {
  readonly day: Day;
  /** The id of the registry token. */
  readonly token: string;
  readonly repository: string;
}

export interface Counter extends CounterName {
  readonly pulls: number;
}

export function isDay(text: string): boolean {
  if (!DAY.test(text)) return false;
  const start = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(start) && dayOf(start / 1000) === text;
}

/** The first second of the day, or of one so many days after it. */
export function startOf(day: Day, daysLater = 0): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000 + daysLater * DAY_SECONDS;
}
