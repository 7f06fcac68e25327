/** What a deployment counts and measures of itself. Alarms and dashboards know these names, so they stay. */

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

/**
 * Why someone was denied, in few words: each is a metric of its own, and costs as one. What exactly was wrong is in
 * the log.
 */
export const DENIALS = [
  /** Nothing was presented where something has to be: many clients begin like that. */
  'no-secret',
  /** No secret of ours, or a wrong one. */
  'unknown-secret',
  /** A secret that was good until its time was over. */
  'expired',
  /** A secret that somebody has removed, disabled, rotated or ended. */
  'ended',
  /** A secret where its kind is not taken. */
  'misplaced',
  /** What an issuer signed or answered does not hold. */
  'not-proven',
  /** A caller without the role, or whose proof is too weak for what it asks. */
  'no-role',
  'registration-closed',
  'wider-than-parent',
  /** A login that is answered, with nothing of what it asked for. */
  'nothing-granted',
] as const;

export type Denial = (typeof DENIALS)[number];
