/** Times are seconds since 1970 inside, RFC 3339 UTC with whole seconds outside. */

export const MINUTE_SECONDS = 60;
export const HOUR_SECONDS = 3600;
export const DAY_SECONDS = 86_400;

export function toSeconds(milliseconds: number): number {
  return Math.floor(milliseconds / 1000);
}

/** The day of UTC of seconds since 1970, as `2026-11-21`: days sort as texts. */
export function dayOf(seconds: number): string {
  return toRfc3339(seconds).slice(0, 10);
}

/** Writes seconds since 1970 as `2026-11-21T07:00:00Z`. */
export function toRfc3339(seconds: number): string {
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}Z`;
}
