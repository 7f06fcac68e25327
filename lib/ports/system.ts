import type { Denial } from '../domain/denial.ts';
import type { Count, Observation } from '../domain/metrics.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** So many bytes from a cryptographic source. */
export type RandomBytes = (count: number) => Uint8Array;

/** One structured log event. Fields never hold secrets; a caller's text in them is cut to 1 KiB. */
export interface Log {
  info(event: string, fields: Readonly<Record<string, unknown>>): void;
  warn(event: string, fields: Readonly<Record<string, unknown>>): void;
  error(event: string, fields: Readonly<Record<string, unknown>>): void;
}

/** What one function counts and measures, put together over a request or a run. Nothing of it can fail. */
export interface Metrics {
  /** Adds to a sum, by 1 unless said otherwise. */
  count(name: Count, by?: number): void;
  /** One more denial, for this reason. */
  denied(reason: Denial): void;
  /** Notes a value; a name may have several, such as one for each service. */
  observe(name: Observation, value: number): void;
  /** Puts out what was noted since the last time, as one line, with what helps to find its request; nothing for nothing. */
  flush(about: Readonly<Record<string, string>>): void;
}
