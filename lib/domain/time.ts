/** Times are seconds since 1970 inside, RFC 3339 UTC with whole seconds outside; days are those of UTC. */

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 86_400;

export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The day of UTC of seconds since 1970, as `2026-11-21`: days sort as texts. */
export function dayOf(seconds: number): string {
  return dayText(Math.floor(seconds / DAY_SECONDS));
}

/** Writes seconds since 1970 as `2026-11-21T07:00:00Z`. A page of tokens has hundreds, so the texts of days are kept. */
export function toRfc3339(seconds: number): string {
  const day = Math.floor(seconds / DAY_SECONDS);
  const second = Math.floor(seconds) - day * DAY_SECONDS;
  const hours = Math.floor(second / HOUR_SECONDS);
  const minutes = Math.floor(second / MINUTE_SECONDS) % 60;
  return `${dayText(day)}T${twoDigits(hours)}:${twoDigits(minutes)}:${twoDigits(second % 60)}Z`;
}

const KEPT_DAYS = 1000;
const dayTexts = new Map<number, string>();

function dayText(day: number): string {
  const kept = dayTexts.get(day);
  if (kept !== undefined) return kept;
  const text = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
  if (dayTexts.size >= KEPT_DAYS) dayTexts.clear();
  dayTexts.set(day, text);
  return text;
}

function twoDigits(number: number): string {
  return number < 10 ? `0${number}` : `${number}`;
}

/** What JSON Schema says of a time of RFC 3339, of this millennium: years of four digits sort as texts. */
export const TIME_PATTERN =
  '^2[0-9]{3}-[0-9]{2}-[0-9]{2}[Tt](?:[01][0-9]|2[0-3]):[0-9]{2}:[0-9]{2}(?:[.][0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$';

/** Reads a time of RFC 3339, with any offset, as whole seconds since 1970; undefined for anything else. */
export function secondsOf(text: string): number | undefined {
  if (!new RegExp(TIME_PATTERN).test(text)) return undefined;
  const milliseconds = Date.parse(text.toUpperCase());
  // JavaScript takes February 30 for March 2.
  const isDate = isDay(text.slice(0, 10));
  return isDate && !Number.isNaN(milliseconds) ? toSeconds(milliseconds) : undefined;
}

/** What JSON Schema says of a day; `isDay` reads the same, and that there is such a day. */
export const DAY_PATTERN = '^2[0-9]{3}-[0-9]{2}-[0-9]{2}$';
/** A day of UTC, as `2026-11-21`: days sort as texts. */
export type Day = string;

export function isDay(text: string): boolean {
  if (!new RegExp(DAY_PATTERN).test(text)) return false;
  const start = Date.parse(`${text}T00:00:00Z`);
  return !Number.isNaN(start) && dayOf(start / 1000) === text;
}

/** The first second of the day, or of one so many days after it. */
export function startOf(day: Day, daysLater = 0): number {
  return Date.parse(`${day}T00:00:00Z`) / 1000 + daysLater * DAY_SECONDS;
}
