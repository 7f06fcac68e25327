/**
 * Revocation entries of the ledger, and how they narrow a restored record. In any order, and however often they are
 * applied, they never widen anything (docs/decisions/017-ledger.md).
 */

import { type AccountRules, narrowerRules, type RulesRecord, rulesBeyond } from './account-rules.ts';
import { intersectPatterns } from './grant.ts';
import type { Account } from './identifiers.ts';
import type { NamespaceClaim } from './namespace.ts';
import { intersectNetworks } from './networks.ts';
import { DAY_SECONDS, toSeconds } from './time.ts';
import type { TokenRecord } from './token-record.ts';

/** What an act revoked. Never holds a secret, nor what one could be derived from. The names are those of stored entries. */
export type Revocation =
  | { readonly act: 'narrow-token'; readonly token: TokenVersion; readonly left: RemainingAccess }
  | { readonly act: 'remove-token'; readonly token: TokenVersion }
  /** Registering or releasing a name takes it from every other account. */
  | { readonly act: 'write-claim'; readonly claim: NamespaceClaim }
  | { readonly act: 'remove-policy' | 'remove-trust'; readonly account: Account; readonly rule: string }
  | {
      readonly act: 'narrow-rules';
      readonly account: Account;
      /** Of the rules when the act began; 0: there were none. */
      readonly version: number;
      readonly left: AccountRules;
    }
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

/** A revocation and its time: `at` in milliseconds since 1970, `id` a UUID of that time. */
export type RevocationEntry = Revocation & { readonly id: string; readonly at: number };

/** What a token still allows after an act: its values, and bounds that only become narrower. */
export type RemainingAccess = Bounds & Pick<TokenRecord, 'generation' | 'hash' | 'issuanceId' | 'previous'>;

type Bounds = Pick<
  TokenRecord,
  'access' | 'disabled' | 'expiresAt' | 'networks' | 'pullsPerDay' | 'repositories' | 'selfRotate'
>;

/** A day longer than the oldest point that DynamoDB can restore, because a table knows its age to a day. */
export const LEDGER_SECONDS = 36 * DAY_SECONDS;

/** Until when the entry is needed, in seconds since 1970. */
export function retainedUntil(entry: RevocationEntry): number {
  const always = toSeconds(entry.at) + LEDGER_SECONDS;
  return 'expiresAt' in entry ? Math.min(entry.expiresAt, always) : always;
}

/** What the revocation is about. Entries about different subjects can be replayed at the same time. */
export function subjectOf(revocation: Revocation): string {
  switch (revocation.act) {
    case 'narrow-token':
    case 'remove-token':
      return revocation.token.id;
    case 'write-claim':
      return revocation.claim.name;
    case 'remove-policy':
    case 'remove-trust':
      return revocation.rule;
    case 'narrow-rules':
      return revocation.account;
    case 'end-credential':
      return revocation.jti;
    case 'spend-proof':
      return revocation.mark;
  }
}

/**
 * What remains of a token when `before` becomes `after`; undefined when nothing is revoked. What `after` allows beyond
 * `before` is left out: an act that then fails must not have widened anything.
 */
export function remainingAccess(before: TokenRecord, after: TokenRecord): RemainingAccess | undefined {
  const { generation, hash, issuanceId, previous } = after;
  const bounds = common(before, after);
  const revokesValue = generation !== before.generation || endOf(previous) < endOf(before.previous);
  return revokesValue || !areSame(bounds, before)
    ? { generation, hash, issuanceId, previous, ...bounds }
    : undefined;
}

/**
 * The record after an act that began with `version` of it; the same record when the act is in it, or changes nothing. It
 * gets that version, because two acts may have begun with it and it is unknown which one succeeded. A value that was
 * replaced can never be derived again.
 */
export function narrowToken(record: TokenRecord, version: number, left: RemainingAccess): TokenRecord {
  if (version < record.version) return record;
  const bounds = common(record, left);
  const values = valuesOf(record, version, left);
  const isKnown = version === record.version && values.generation === record.generation;
  if (isKnown && values.previous === record.previous && areSame(bounds, record)) return record;
  return { ...record, ...values, ...bounds, version };
}

type Values = Pick<TokenRecord, 'derivation' | 'generation' | 'hash' | 'issuanceId' | 'previous'> &
  Partial<Pick<TokenRecord, 'lastUse' | 'previousUse' | 'valueIssuedAt'>>;

function valuesOf(record: TokenRecord, version: number, left: RemainingAccess): Values {
  const { generation, hash, issuanceId, previous } = left;
  // An act that began with a later version shows which of several earlier acts succeeded.
  if (version > record.version || generation > record.generation) {
    const isSame = Buffer.from(record.hash).equals(hash);
    const values = { generation, hash, issuanceId, previous, derivation: isSame ? record.derivation : null };
    // What is known of the uses and the age of the values is that of others.
    return isSame ? values : { ...values, valueIssuedAt: null, lastUse: null, previousUse: null };
  }
  if (generation < record.generation) return record;
  return { ...record, previous: shorter(record.previous, previous) };
}

type Grace = TokenRecord['previous'];

/** Until when the value works; 0: no more. */
function endOf(grace: Grace): number {
  return grace?.expiresAt ?? 0;
}

/** Of two rotations that began with one version, it is unknown which succeeded, so the shorter grace period counts. */
function shorter(some: Grace, other: Grace): Grace {
  if (some === null || other === null) return null;
  return some.expiresAt <= other.expiresAt ? some : other;
}

/** The narrower of each of the two bounds. */
function common(some: Bounds, other: Bounds): Bounds {
  return {
    access: some.access === 'pull' ? some.access : other.access,
    repositories: intersectPatterns(some.repositories, other.repositories),
    disabled: some.disabled ?? other.disabled,
    expiresAt: smaller(some.expiresAt, other.expiresAt),
    pullsPerDay: smaller(some.pullsPerDay, other.pullsPerDay),
    networks: intersectNetworks(some.networks, other.networks),
    selfRotate: some.selfRotate && other.selfRotate,
  };
}

/** Whether bounds within others are equal to them. */
function areSame(narrowed: Bounds, bounds: Bounds): boolean {
  return (
    narrowed.access === bounds.access &&
    narrowed.repositories?.length === bounds.repositories?.length &&
    (narrowed.repositories ?? []).every(pattern => bounds.repositories?.includes(pattern)) &&
    (narrowed.disabled === null) === (bounds.disabled === null) &&
    narrowed.expiresAt === bounds.expiresAt &&
    narrowed.pullsPerDay === bounds.pullsPerDay &&
    narrowed.networks?.length === bounds.networks?.length &&
    (narrowed.networks ?? []).every(network => bounds.networks?.includes(network)) &&
    narrowed.selfRotate === bounds.selfRotate
  );
}

function smaller(some: number | null, other: number | null): number | null {
  return some === null || other === null ? (some ?? other) : Math.min(some, other);
}

/** The rules that both allow when `before` become `after`; undefined when these forbid nothing that was allowed. */
export function remainingRules(before: AccountRules, after: AccountRules): AccountRules | undefined {
  const left = narrowerRules(before, after);
  return rulesBeyond(before, left).length === 0 ? undefined : left;
}

/** The rules after an act that began with `version` of them; the same record when the act is in it. */
export function narrowRules(
  record: RulesRecord | undefined,
  { account, version, left }: Extract<Revocation, { act: 'narrow-rules' }>,
): RulesRecord {
  if (record === undefined) return { account, rules: left, version };
  if (version < record.version) return record;
  const rules = narrowerRules(record.rules, left);
  const isKnown = version === record.version && rulesBeyond(record.rules, rules).length === 0;
  return isKnown ? record : { account, rules, version };
}

/** The owner of a name that two accounts registered at once, until the operator gives it to one of them. */
export const CONTESTED: Account = 'contested:contested';

/**
 * The claim after one of the ledger; the same claim when it is as new. A registration that the table has lost leaves the
 * name reserved to its owner, who may register it again, so that no other account reads what was pushed there.
 */
export function narrowClaim(claim: NamespaceClaim | undefined, known: NamespaceClaim): NamespaceClaim {
  if (claim === undefined || claim.epoch < known.epoch) return { ...known, state: 'released' };
  if (claim.epoch > known.epoch) return claim;
  if (claim.account === known.account) {
    return claim.state === known.state || claim.state === 'released' ? claim : known;
  }
  // The account that has the name in the table was faster; if none has it, it is unknown which one was.
  if (claim.state === 'held' || claim.account === CONTESTED) return claim;
  return { ...claim, account: CONTESTED };
}
