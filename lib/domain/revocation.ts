/**
 * What an act took away, as the ledger keeps it, and what is left of an older record after it. Whatever the order, and
 * however often, nothing here gives anything back (docs/decisions/017-a-ledger-of-losses.md).
 */

import type { Account } from './account.ts';
import { intersectPatterns } from './grant.ts';
import type { NamespaceClaim } from './namespace.ts';
import { DAY_SECONDS, toSeconds } from './time.ts';
import type { TokenRecord } from './token-record.ts';

/** Something that is good no more. Never holds a secret, nor what one could be derived from. */
export type Revocation =
  | { readonly act: 'narrow-token'; readonly token: TokenVersion; readonly left: RemainingAccess }
  | { readonly act: 'remove-token'; readonly token: TokenVersion }
  /** Who registers or releases a name takes it from everybody else. */
  | { readonly act: 'write-claim'; readonly claim: NamespaceClaim }
  | { readonly act: 'remove-policy' | 'remove-trust'; readonly account: Account; readonly rule: string }
  | {
      readonly act: 'end-credential';
      readonly handle: string;
      readonly jti: string;
      readonly expiresAt: number;
    }
  | { readonly act: 'spend-proof'; readonly mark: string; readonly expiresAt: number };

/** A token as it was when the act began. */
export interface TokenVersion {
  readonly account: Account;
  readonly id: string;
  readonly version: number;
}

/** A loss, and when it was: `at` in milliseconds since 1970, `id` a UUID of that time. */
export type RevocationEntry = Revocation & { readonly id: string; readonly at: number };

/** What an act leaves of a token: its values, and bounds that can only be drawn closer. */
export type RemainingAccess = Bounds & Pick<TokenRecord, 'generation' | 'hash' | 'issuanceId' | 'previous'>;

type Bounds = Pick<TokenRecord, 'access' | 'disabled' | 'expiresAt' | 'repositories'>;

/** A day longer than the oldest point that DynamoDB can restore, because a table knows its age to a day. */
export const LEDGER_SECONDS = 36 * DAY_SECONDS;

/** When nothing can come of forgetting the entry any more, in seconds since 1970. */
export function retainedUntil(entry: RevocationEntry): number {
  const always = toSeconds(entry.at) + LEDGER_SECONDS;
  return 'expiresAt' in entry ? Math.min(entry.expiresAt, always) : always;
}

/** The name of what the entry is about: entries about different things can be replayed at the same time. */
export function subjectOf(loss: Revocation): string {
  switch (loss.act) {
    case 'narrow-token':
    case 'remove-token':
      return loss.token.id;
    case 'write-claim':
      return loss.claim.name;
    case 'remove-policy':
    case 'remove-trust':
      return loss.rule;
    case 'end-credential':
      return loss.jti;
    case 'spend-proof':
      return loss.mark;
  }
}

/**
 * What is left of a token when `before` becomes `after`; undefined when nothing is taken. What `after` gives beyond
 * `before` is left out: should the act not come to pass, it must not have widened anything either.
 */
export function remainingAccess(before: TokenRecord, after: TokenRecord): RemainingAccess | undefined {
  const { generation, hash, issuanceId, previous } = after;
  const bounds = common(before, after);
  const takesValue = generation !== before.generation || (previous === null && before.previous !== null);
  return takesValue || !areSame(bounds, before)
    ? { generation, hash, issuanceId, previous, ...bounds }
    : undefined;
}

/**
 * The record after an act over `version` of it; the same one where it knows of the act, or nothing is to be taken. It
 * gets the version that the act began with: two acts may have begun with one, and only one came to pass, nobody knows
 * which. A value that was replaced can never be derived again.
 */
export function narrowToken(record: TokenRecord, version: number, left: RemainingAccess): TokenRecord {
  if (version < record.version) return record;
  const bounds = common(record, left);
  const values = valuesOf(record, version, left);
  const isKnown = version === record.version && values.generation === record.generation;
  if (isKnown && values.previous === record.previous && areSame(bounds, record)) return record;
  return { ...record, ...values, ...bounds, version };
}

type Values = Pick<TokenRecord, 'derivation' | 'generation' | 'hash' | 'issuanceId' | 'previous'>;

function valuesOf(record: TokenRecord, version: number, left: RemainingAccess): Values {
  const { generation, hash, issuanceId, previous } = left;
  // What began with a later version knows which of several acts over an earlier one came to pass.
  if (version > record.version || generation > record.generation) {
    const derivation = Buffer.from(record.hash).equals(hash) ? record.derivation : null;
    return { generation, hash, issuanceId, previous, derivation };
  }
  if (generation < record.generation) return record;
  return { ...record, previous: shorter(record.previous, previous) };
}

type Grace = TokenRecord['previous'];

/** Of two rotations that began with one version, nobody knows which came to pass: the shorter grace holds for both. */
function shorter(some: Grace, other: Grace): Grace {
  if (some === null || other === null) return null;
  return some.expiresAt <= other.expiresAt ? some : other;
}

/** The narrower of two bounds each. */
function common(some: Bounds, other: Bounds): Bounds {
  return {
    access: some.access === 'pull' ? some.access : other.access,
    repositories: intersectPatterns(some.repositories, other.repositories),
    disabled: some.disabled ?? other.disabled,
    expiresAt: earlier(some.expiresAt, other.expiresAt),
  };
}

/** Whether bounds that were drawn within others are no closer than they. */
function areSame(closer: Bounds, bounds: Bounds): boolean {
  return (
    closer.access === bounds.access &&
    closer.repositories?.length === bounds.repositories?.length &&
    (closer.repositories ?? []).every(pattern => bounds.repositories?.includes(pattern)) &&
    (closer.disabled === null) === (bounds.disabled === null) &&
    closer.expiresAt === bounds.expiresAt
  );
}

function earlier(some: number | null, other: number | null): number | null {
  return some === null || other === null ? (some ?? other) : Math.min(some, other);
}

/** Nobody: for a name that two accounts reached for at once. The operator gives it to its owner by name. */
export const CONTESTED: Account = 'contested:contested';

/**
 * The claim after what the ledger knows of another; the same one where it is as new. A registration that the table has
 * lost leaves the name reserved to its owner, who may register it again: nobody else reads what was pushed there.
 */
export function narrowClaim(claim: NamespaceClaim | undefined, known: NamespaceClaim): NamespaceClaim {
  if (claim === undefined || claim.epoch < known.epoch) return { ...known, state: 'released' };
  if (claim.epoch > known.epoch) return claim;
  if (claim.account === known.account) {
    return claim.state === known.state || claim.state === 'released' ? claim : known;
  }
  // Who holds the name in the table was the faster one; otherwise nobody knows which of the two it was.
  if (claim.state === 'held' || claim.account === CONTESTED) return claim;
  return { ...claim, account: CONTESTED };
}
