/** The metrics of a deployment, and the reasons of denials among them. Alarms and dashboards know these names, so they stay. */

/** Why a caller was denied, in few words. Each is a metric, and costs as one; the log says what exactly was wrong. */

export const DENIALS = [
  /** No credentials were sent where some are needed: many clients begin like that. */
  'no-secret',
  /** Not a secret of ours, or a wrong one. */
  'unknown-secret',
  'expired',
  /** A secret that was removed, disabled, rotated or revoked. */
  'ended',
  /** A secret that is not accepted for this request. */
  'misplaced',
  /** What an issuer signed or answered does not verify. */
  'not-proven',
  /** The caller has no role for this, or its assertion is too weak. */
  'no-role',
  'registration-closed',
  'wider-than-parent',
  /** A secret that vends or revokes more than its share. */
  'too-often',
  /** A login that succeeded with an empty grant. */
  'nothing-granted',
] as const;

export type Denial = (typeof DENIALS)[number];

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
