/** The daily report of what an operator should clean up. */

import type { Account } from './identifiers.ts';
import type { NamespaceClaim } from './namespace.ts';
import { DAY_SECONDS, toRfc3339 } from './time.ts';
import { isExpired, type TokenRecord } from './token-record.ts';

/** A stored item that may be a finding. */
export type Candidate =
  | ({ readonly kind: 'claim' } & Pick<NamespaceClaim, 'account' | 'name' | 'state'>)
  | ({ readonly kind: 'token' } & Pick<
      TokenRecord,
      'account' | 'id' | 'createdAt' | 'lastUsedAt' | 'expiresAt'
    >);

/** How many there are, and the names of the first few. */
export interface Finding {
  readonly count: number;
  readonly examples: readonly string[];
}

export interface AccountReport {
  readonly account: Account;
  /** They stay reserved to the account until the operator gives them to another one. */
  readonly releasedNamespaces: Finding;
  /** Tokens that do not expire and are not used. */
  readonly unusedTokens: Finding;
  /** Tokens that expire soon, as measured by how long they live. */
  readonly expiringTokens: Finding;
}

export type FindingKind = Exclude<keyof AccountReport, 'account'>;

/** The time of the report (seconds since 1970), and after how many seconds a token counts as unused. */
export interface HygieneRules {
  readonly at: number;
  readonly unusedSeconds: number;
}

/** The longest time before its end in which a token is reported as expiring. */
export const EXPIRING_SECONDS = 7 * DAY_SECONDS;
/** A shorter one is reported in the last part of its life only: a token for a day is not expiring from its birth. */
const EXPIRING_SHARE = 1 / 4;
/** All of them are in the lists of tokens and namespaces. */
export const MAX_EXAMPLES = 10;

const NONE: Finding = { count: 0, examples: [] };

/** The kind of finding that a candidate is; undefined: none. */
export function findingKindOf(
  candidate: Candidate,
  { at, unusedSeconds }: HygieneRules,
): FindingKind | undefined {
  if (candidate.kind === 'claim') return candidate.state === 'released' ? 'releasedNamespaces' : undefined;
  const { createdAt, lastUsedAt, expiresAt } = candidate;
  if (expiresAt === null) return (lastUsedAt ?? createdAt) <= at - unusedSeconds ? 'unusedTokens' : undefined;
  if (isExpired(candidate, at)) return undefined;
  return isEndingSoon(candidate, at) ? 'expiringTokens' : undefined;
}

/** Whether a token ends soon, as measured by how long it lives. */
export function isEndingSoon(
  { createdAt, expiresAt }: Pick<TokenRecord, 'createdAt' | 'expiresAt'>,
  at: number,
): boolean {
  if (expiresAt === null) return false;
  return expiresAt - at <= Math.min(EXPIRING_SECONDS, (expiresAt - createdAt) * EXPIRING_SHARE);
}

/** The report on an account with one more finding in it. */
export function withFinding(
  report: AccountReport | undefined,
  kind: FindingKind,
  candidate: Candidate,
): AccountReport {
  const { account } = candidate;
  const empty = { account, releasedNamespaces: NONE, unusedTokens: NONE, expiringTokens: NONE };
  const before = report ?? empty;
  const { count, examples } = before[kind];
  const name = candidate.kind === 'claim' ? candidate.name : candidate.id;
  const more = examples.length < MAX_EXAMPLES ? [...examples, name] : examples;
  return { ...before, [kind]: { count: count + 1, examples: more } };
}

/** The report as operators get it, in an event and in the log. */
export function noticeOf(report: AccountReport, at: number): Record<string, unknown> {
  return { reportedAt: toRfc3339(at), ...report };
}

/** A report in progress. */
export interface HygieneReport {
  /** When the pass began, in seconds since 1970: `unused` and `expiring` are as of then. */
  readonly at: number;
  /** What is not published yet. */
  readonly accounts: readonly AccountReport[];
  /** Of the whole pass. */
  readonly totals: Readonly<Record<FindingKind, number>>;
}
