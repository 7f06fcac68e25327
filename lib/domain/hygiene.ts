/** What an operator should look at once a day: nothing of it is wrong, all of it grows if nobody does. */
import type { Account } from './account.ts';
import type { NamespaceClaim } from './namespace.ts';
import { DAY_SECONDS, toRfc3339 } from './time.ts';
import { isExpired, type TokenRecord } from './token-record.ts';

/** What came by in a pass over everything that is stored. */
export type Candidate =
  | ({ readonly kind: 'claim' } & Pick<NamespaceClaim, 'account' | 'name' | 'state'>)
  | ({ readonly kind: 'token' } & Pick<
      TokenRecord,
      'account' | 'id' | 'createdAt' | 'lastUsedAt' | 'expiresAt'
    >);

/** So many, and the first few of them by name. */
export interface Finding {
  readonly count: number;
  readonly examples: readonly string[];
}

export interface AccountReport {
  readonly account: Account;
  /** Names that the account gave back. They stay reserved until the operator gives them to somebody else. */
  readonly releasedNamespaces: Finding;
  /** Tokens without an end that nobody uses. */
  readonly unusedTokens: Finding;
  /** Tokens that will soon stop working. */
  readonly expiringTokens: Finding;
}

export type FindingKind = Exclude<keyof AccountReport, 'account'>;

/** When the report is made, and what counts as unused, in seconds (since 1970). */
export interface HygieneRules {
  readonly at: number;
  readonly unusedSeconds: number;
}

/** A token that ends within this time is about to. */
export const EXPIRING_SECONDS = 7 * DAY_SECONDS;
/** Enough to begin with; whoever wants all of them lists the account's tokens. */
export const MAX_EXAMPLES = 10;

const NONE: Finding = { count: 0, examples: [] };

/** What a sighting is to the report; undefined: nothing. */
export function findingKindOf(
  sighting: Candidate,
  { at, unusedSeconds }: HygieneRules,
): FindingKind | undefined {
  if (sighting.kind === 'claim') return sighting.state === 'released' ? 'releasedNamespaces' : undefined;
  const { createdAt, lastUsedAt, expiresAt } = sighting;
  if (expiresAt === null) return (lastUsedAt ?? createdAt) <= at - unusedSeconds ? 'unusedTokens' : undefined;
  if (isExpired(sighting, at)) return undefined;
  return expiresAt <= at + EXPIRING_SECONDS ? 'expiringTokens' : undefined;
}

/** The report on an account with one more finding in it. */
export function withFinding(
  report: AccountReport | undefined,
  kind: FindingKind,
  sighting: Candidate,
): AccountReport {
  const { account } = sighting;
  const empty = { account, releasedNamespaces: NONE, unusedTokens: NONE, expiringTokens: NONE };
  const before = report ?? empty;
  const { count, examples } = before[kind];
  const name = sighting.kind === 'claim' ? sighting.name : sighting.id;
  const more = examples.length < MAX_EXAMPLES ? [...examples, name] : examples;
  return { ...before, [kind]: { count: count + 1, examples: more } };
}

/** The report on an account as operators get it: in an event, and in the log. */
export function noticeOf(report: AccountReport, at: number): Record<string, unknown> {
  return { reportedAt: toRfc3339(at), ...report };
}
