/** What the use cases read and write. In every port a thrown error means "could not answer", never "no": a caller that gets one denies. */

import type { RulesRecord } from '../domain/account-rules.ts';
import type { AccountReport, Candidate, HygieneReport } from '../domain/hygiene.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import type { Account } from '../domain/identifiers.ts';
import type { NamespaceClaim } from '../domain/namespace.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { Day } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { TokenUse } from '../domain/token-use.ts';
import type { Key } from './table.ts';

/** All stored records, a page at a time. */
export interface ExpiryStore {
  /** The page at the cursor; undefined: the first. May miss what changes meanwhile. */
  page(bounds: PageBounds, cursor: string | undefined): Promise<ExpiryPage>;
  /** Deletes the record if it is still expired. False: it was renewed, or deleted by another run. */
  removeExpired(record: Key, cutoff: number): Promise<boolean>;
  /** Where the last run stopped. */
  checkpoint(): Promise<Checkpoint>;
  /** Replaces the checkpoint as a whole, so that no run reads a cursor with the report of another. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
}

/** In seconds since 1970. */
export interface PageBounds {
  /** Lists records as expired that expired before. */
  readonly cutoff: number;
  /** Lists as candidates the tokens that expire by then or never, and released claims. Undefined: none. */
  readonly candidatesUntil: number | undefined;
}

export interface ExpiryPage {
  readonly expired: readonly Key[];
  readonly candidates: readonly Candidate[];
  /** Undefined: that was all. */
  readonly next: string | undefined;
}

/** What a run leaves to the next. */
export interface Checkpoint {
  /** Undefined: the last pass is finished. */
  readonly cursor: string | undefined;
  /** The pass's report up to the cursor; undefined: this pass makes none. */
  readonly report: HygieneReport | undefined;
  /** When the pass of the last report began, in seconds since 1970. */
  readonly reportedAt: number | undefined;
}

/** Reports findings to the operator. */
export interface Notices {
  /** Publishes the findings of each account, as of `at` (seconds since 1970). Throws unless all were published. */
  publish(reports: readonly AccountReport[], at: number): Promise<void>;
}

/** The records of registry tokens, for their account's administrators. Every read is strongly consistent. */
export interface TokenStore {
  /** Stores a new record. False: the id is taken, also by a token that was removed within the last two days. */
  add(record: TokenRecord): Promise<boolean>;
  /** The record; undefined when there is none, or it was removed, or it is expired at `now`. */
  get(account: Account, id: string, now: number): Promise<TokenRecord | undefined>;
  /** Unexpired records, newest first, after the id `after`. `next` is where to go on; undefined: that was all. */
  list(account: Account, page: TokenPage): Promise<{ records: TokenRecord[]; next: string | undefined }>;
  /**
   * Writes what differs between `before` and `after`, if the stored version is still that of `before` and the
   * record is not expired at `now`. False: it was not. A write that was retried recognises itself as done.
   */
  update(before: TokenRecord, after: TokenRecord, now: number): Promise<boolean>;
  /** Replaces the record by a tombstone, which has neither hash nor salt. False as in `update`. */
  remove(record: TokenRecord, now: number): Promise<boolean>;
  /** Adds a tombstone if there is no record, so that no repeated request adds the token. */
  addTombstone(account: Account, id: string, now: number): Promise<void>;
}

/** The names of tokens, each unique in its account. Every read is strongly consistent. */
export interface TokenNameStore {
  /** The id of the token that has the name, had it, or is about to. */
  idOf(account: Account, name: string): Promise<string | undefined>;
  /** Gives the name to `id`, if `before` has it (undefined: no one). False: that is not so any more. */
  give(account: Account, name: string, to: NamedToken & { before: string | undefined }): Promise<boolean>;
  /** Keeps the name for longer, if `id` has it. Before its token lives longer: a name never ends before its token. */
  extend(account: Account, name: string, token: NamedToken): Promise<void>;
  /** Frees the name, if `id` has it. */
  free(account: Account, name: string, id: string): Promise<void>;
}

/** `expiresAt` as in the token's record. */
export type NamedToken = Pick<TokenRecord, 'expiresAt' | 'id'>;

export interface TokenPage {
  /** The most records of a page; fewer do not mean the end. */
  readonly limit: number;
  readonly after?: string | undefined;
  /** Only those whose id begins so. */
  readonly idPrefix?: string | undefined;
  readonly now: number;
}

/** Everything that a login reads. */
export interface LoginStore {
  /** One strongly consistent read. An incomplete read is an error, never an absence. Expired records are returned too. */
  read(query: LoginQuery): Promise<LoginRecords>;
  /**
   * Stores the last use of the generation's value: each of the two at most once an hour, that in grace also once since the
   * rotation. Never revives a removed record, never throws.
   */
  touch(record: TokenRecord, generation: number, use: TokenUse): Promise<void>;
}

/** What a login asks for. */
export interface LoginQuery {
  /** The address in the value of a registry token. */
  readonly token?: TokenAddress;
  readonly credential?: CredentialAddress;
  /** The handle of the account whose rules are read, too. */
  readonly rules?: string;
  /** At most 8 with a token, 100 without. */
  readonly namespaces: readonly string[];
}

/** The name of a credential, within its account. */
export interface CredentialAddress {
  readonly handle: string;
  readonly jti: string;
}

export interface LoginRecords {
  readonly token: TokenRecord | undefined;
  /** Whether the token was removed: only for the log. */
  readonly removed: boolean;
  /** Whether the credential was revoked. */
  readonly revoked: boolean;
  readonly claims: readonly NamespaceClaim[];
  /** Where they were asked for; null: none were set. */
  readonly rules?: RulesRecord | null;
}

/** Credentials that were revoked before they expired. */
export interface RevokedCredentialStore {
  /** Remembers that the credential is revoked, until it expires (seconds since 1970). Idempotent. */
  revoke(credential: CredentialAddress, expiresAt: number): Promise<void>;
}

/** Namespace claims, and the index by account that lists them but authorises nothing. */
export interface NamespaceStore {
  claim(name: string): Promise<NamespaceClaim | undefined>;
  /** Replaces `before` (undefined: no claim) by `after`. False: the stored claim is not `before` any more. */
  writeClaim(before: NamespaceClaim | undefined, after: NamespaceClaim): Promise<boolean>;
  /** Adds the claim to its account's index, unless the index has a later epoch. */
  index(claim: NamespaceClaim): Promise<void>;
  /** Removes the claim from its account's index, unless the index has a later epoch. */
  unindex(claim: NamespaceClaim): Promise<void>;
  /** The claims that `account` holds now, sorted by name. */
  held(account: Account): Promise<NamespaceClaim[]>;
}

/** What requests with an `Idempotency-Key` have done. */
export interface IdempotencyStore {
  /** Stores the record as pending and returns it; returns the stored one if there is one that is unexpired at `now`. */
  begin(account: Account, record: IdempotencyRecord, now: number): Promise<IdempotencyRecord>;
  /** Marks the request as done. */
  finish(account: Account, record: Pick<IdempotencyRecord, 'key' | 'write'>): Promise<void>;
}

/** By field: a list, or another thing that says which values it includes. */
export type RuleFilter<R> = {
  readonly [Field in keyof R]?: { includes(value: R[Field]): boolean };
};

/** The rules of an account: its policies, or its trusts. Every read is strongly consistent. */
export interface RuleStore<R extends { readonly account: Account; readonly id: string }> {
  /** Stores a new rule. False: the account has reached its limit, or has or had a rule with this id. */
  add(rule: R): Promise<boolean>;
  /** The rules of the account with this handle, oldest first; with `where`, those with one of the values in each field. */
  list(handle: string, where?: RuleFilter<R>): Promise<R[]>;
  /** Replaces the rule by a tombstone, which grants nothing and is not listed. False: there is no rule. */
  remove(account: Account, id: string, now: number): Promise<boolean>;
}

/** The rules that accounts have set for what is made in them. Every read is strongly consistent. */
export interface AccountRulesStore {
  /** Undefined: none were set. */
  get(account: Account): Promise<RulesRecord | undefined>;
  /** Replaces `before` (undefined: none) by `after`. False: the stored rules are not `before` any more. */
  write(before: RulesRecord | undefined, after: RulesRecord): Promise<boolean>;
}

/** The nonces of assertions that may be used once. */
export interface NonceStore {
  /** Marks the nonce as used until its assertion expires. False: it was used before. */
  consume(nonce: string, expiresAt: number): Promise<boolean>;
}

/** A pull by a registry token, or by a credential of it. */
export interface CountedPull extends Pick<CounterName, 'repository' | 'token'> {
  /** Of the token's account. */
  readonly handle: string;
  /** What the token may in a day; null: any number. */
  readonly pullsPerDay: number | null;
  /** What is reported twice under one name counts once, unless many others were reported in between; absent: it is new. */
  readonly event?: string;
}

/** Counters of an account, from the latest day to the first. */
export interface UsageRange extends Partial<Pick<CounterName, 'repository' | 'token'>> {
  readonly from: Day;
  readonly to: Day;
  /** The counter after which the list goes on; there need not be one. */
  readonly after?: CounterName | undefined;
  /** The most counters that are examined; fewer may be answered. */
  readonly limit: number;
}

/** How often images were pulled. */
export interface UsageStore {
  /**
   * Adds one to the counter of the day, by one write; of a token with a limit by two. False: the token has made all of its
   * pulls, and nothing was counted. An error: it may have been counted or not.
   */
  count(pull: CountedPull, now: number): Promise<boolean>;
  /** `next` is where to go on; undefined: that was all. */
  list(
    handle: string,
    range: UsageRange,
  ): Promise<{ readonly counters: readonly Counter[]; readonly next: CounterName | undefined }>;
}

/** How long a counter is kept after its day. */
export const USAGE_DAYS = 400;

/** What is counted together. */
export interface CounterName {
  readonly day: Day;
  /** The id of the registry token. */
  readonly token: string;
  readonly repository: string;
}

export interface Counter extends CounterName {
  readonly pulls: number;
}
