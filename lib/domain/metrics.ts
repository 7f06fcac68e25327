/** The metrics of a deployment. Alarms and dashboards know these names, so they stay. */

/** Sums. */
export const COUNTS = [
  'Logins',
  'Denials',
  'RateLimited',
  'Vended',
  'StoreCalls',
  'StoreFailures',
  'IamFailures',
  'CleanupFinished',
  'ReleasedNamespaces',
  'UnusedTokens',
  'ExpiringTokens',
] as const;

/** Measured values, in units of CloudWatch. */
export const OBSERVATIONS = {
  LatencyMs: 'Milliseconds',
  LeafSecondsLeft: 'Seconds',
  RootSecondsLeft: 'Seconds',
} as const;

export type Count = (typeof COUNTS)[number];

export type Observation = keyof typeof OBSERVATIONS;
