/** Time, randomness, logs and metrics. Alarms and dashboards know the names of the metrics, so they stay. */
import type { Denial } from '../domain/errors.ts';

/** Milliseconds since 1970. */
export type Clock = () => number;

/** So many bytes from a cryptographic source. */
export type RandomBytes = (count: number) => Uint8Array;

/** Takes one of what a key may do. Undefined: it may; else the seconds until it may. */
export type RateLimit = (key: string, nowMs: number) => number | undefined;

/** A caller could otherwise fill the log. */
export const MAX_LOG_TEXT = 1024;

/** Fields never hold secrets; a text in them is cut to `MAX_LOG_TEXT` characters. */
export type LogFields = Readonly<Record<string, unknown>>;

/** One structured log event, and in its line the metrics that were taken for it. */
type LogLevel = (event: string, fields: LogFields, metrics?: TakenMetrics) => void;

export interface Log {
  readonly info: LogLevel;
  readonly warn: LogLevel;
  readonly error: LogLevel;
}

/** Metrics as members of a JSON object, without its braces. */
export type TakenMetrics = string;

/** The metrics of one function, collected over a request or a run. No method fails. */
export interface Metrics {
  /** Adds to a sum, by 1 unless said otherwise. */
  count(name: Count, by?: number): void;
  /** One more denial, for this reason. */
  denied(reason: Denial): void;
  /** Adds a measured value; a name may have several, such as one for each service. */
  observe(name: Observation, value: number): void;
  /** Ends the collection: what it had, for the line of an event; undefined when there was nothing. */
  take(): TakenMetrics | undefined;
  /** As `take`, as a line of their own, with what identifies the request or run; no line without metrics. */
  flush(about: { readonly requestId: string } & LogFields): void;
}

/** Sums. */
export const COUNTS = [
  'Logins',
  'Denials',
  'RateLimited',
  'Vended',
  'Pulls',
  'StoreCalls',
  'StoreFailures',
  'IamFailures',
  'UpstreamFailures',
  'UpstreamRefused',
  'CleanupFinished',
  'KeysMaintained',
  'TableAttested',
  'PositiveProbesFailed',
  'NegativeProbesFailed',
  'ReleasedNamespaces',
  'UnusedTokens',
  'ExpiringTokens',
  'NoticesSent',
  'NoticesFailed',
] as const;

/** Measured values, in units of CloudWatch. */
export const OBSERVATIONS = {
  LatencyMs: 'Milliseconds',
  LeafSecondsLeft: 'Seconds',
  RootSecondsLeft: 'Seconds',
} as const;

export type Count = (typeof COUNTS)[number];

export type Observation = keyof typeof OBSERVATIONS;
