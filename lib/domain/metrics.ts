/** The metrics of a deployment. Alarms and dashboards know these names, so they stay. */

/** Sums: each occurrence counts. */
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

/** Values: each is one reading, in the unit that CloudWatch has for it. */
export const OBSERVATIONS = {
  LatencyMs: 'Milliseconds',
  LeafSecondsLeft: 'Seconds',
  RootSecondsLeft: 'Seconds',
} as const;

export type Count = (typeof COUNTS)[number];

export type Observation = keyof typeof OBSERVATIONS;
