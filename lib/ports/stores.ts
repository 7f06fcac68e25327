/** What the use cases read and write. In every port a thrown error means "could not answer", never "no": a caller that gets one denies. */

import type { Account, Subject } from '../domain/account.ts';
import type { IdempotencyRecord } from '../domain/idempotency.ts';
import type { NamespaceClaim } from '../domain/namespace.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { TokenRecord } from '../domain/token-record.ts';

/** The records of registry tokens, for their account's administrators. Every read is strongly consistent. */
export interface TokenStore {
  /** Stores a new record. False: the id is taken, also by a token that was removed within the last day. */
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
  /** Puts a tombstone in the record's place, which holds neither hash nor salt. False as in `update`. */
  remove(record: TokenRecord, now: number): Promise<boolean>;
  /** Puts a tombstone where there is nothing, so that no repeated request adds the token. */
  addTombstone(account: Account, id: string, now: number): Promise<void>;
}

export interface TokenPage {
  /** At most so many records; fewer do not mean the end. */
  readonly limit: number;
  readonly after?: string | undefined;
  readonly now: number;
}

/** Everything that a login reads. */
export interface LoginStore {
  /**
   * One strongly consistent read. What was not read in full is an error, never an absence. Expired records are handed
   * out too.
   */
  read(question: LoginQuery): Promise<LoginRecords>;
  /** Notes that the token was used, at most once an hour, and never brings a record back. Never throws. */
  touch(record: TokenRecord, now: number): Promise<void>;
}

/** What a login wants to know. */
export interface LoginQuery {
  /** By the address in the presented value. */
  readonly token?: TokenAddress;
  readonly credential?: CredentialAddress;
  /** At most 8 beside an address, 100 without. */
  readonly namespaces: readonly string[];
}

/** The name of a credential, within its account. */
export interface CredentialAddress {
  readonly handle: string;
  readonly jti: string;
}

export interface LoginRecords {
  readonly token: TokenRecord | undefined;
  /** Whether there was such a token, until it was removed: for the log alone. */
  readonly removed: boolean;
  /** Whether whoever held the credential has ended it. */
  readonly revoked: boolean;
  readonly claims: readonly NamespaceClaim[];
}

/** The credentials that were ended before their time. */
export interface RevokedCredentialStore {
  /** Notes that the credential is good no more, until it would have ended by itself. Doing so again changes nothing. */
  revoke(credential: CredentialAddress, expiresAt: number): Promise<void>;
}

/** Namespace claims, and the index by account that lists them but authorises nothing. */
export interface NamespaceStore {
  claim(name: string): Promise<NamespaceClaim | undefined>;
  /** Replaces `before` (undefined: no claim) by `after`, if it still stands. False: it does not. */
  writeClaim(before: NamespaceClaim | undefined, after: NamespaceClaim): Promise<boolean>;
  /** Enters the claim in its account's index, unless a later epoch stands there. */
  index(claim: NamespaceClaim): Promise<void>;
  /** Takes the claim out of its account's index, unless a later epoch stands there. */
  unindex(claim: NamespaceClaim): Promise<void>;
  /** The claims that `account` holds now, by name. */
  held(account: Account): Promise<NamespaceClaim[]>;
}

/** What requests with an `Idempotency-Key` have done. */
export interface IdempotencyStore {
  /** Stores the record as pending, unless the key is known (and unexpired at `now`): then answers what stands. */
  begin(account: Account, record: IdempotencyRecord, now: number): Promise<IdempotencyRecord>;
  /** Marks the request as done. */
  finish(account: Account, record: IdempotencyRecord): Promise<void>;
}

/** What was done, and who did it. Never holds a secret. */
export interface AuditEvent {
  readonly act: string;
  /** Of the account that it concerns. */
  readonly handle: string;
  /** Absent: whoever acted need not have said more than the handle. */
  readonly account?: Account;
  readonly subject: Subject;
  /** See `Identity`. */
  readonly uniqueId?: string;
  /** What it was done to: a token's id, a namespace's name. */
  readonly target: string;
  readonly requestId: string;
  readonly sourceAddress: string;
}

export interface AuditStore {
  /** Stores the event; what it tells of may happen only afterwards. */
  record(event: AuditEvent, nowMs: number): Promise<void>;
}

/** The rules of an account: its policies, or its trusts. Every read is strongly consistent. */
export interface RuleStore<R extends { readonly account: Account; readonly id: string }> {
  /** Stores a new rule. False: the account has as many as it may have. */
  add(rule: R): Promise<boolean>;
  /** The rules of the account with this handle, oldest first. */
  list(handle: string): Promise<R[]>;
  /** Deletes the rule. False: there is none. */
  remove(account: Account, id: string): Promise<boolean>;
}

/** The proofs that may be used once. */
export interface NonceStore {
  /** Marks the proof as used until it ends by itself. False: it was used before. */
  consume(mark: string, expiresAt: number): Promise<boolean>;
}
