/** The records of acts: what is stored before each, and how they are read. */

import type { Group } from '../domain/groups.ts';
import type { Account, Subject } from '../domain/identifiers.ts';

/** The acts that are recorded before they are done. */
export const ACTS = [
  'add-token',
  'change-token',
  'rotate-token',
  'retrieve-value',
  'remove-token',
  'revoke-token',
  'end-credential',
  'register-namespace',
  'release-namespace',
  'add-policy',
  'remove-policy',
  'add-trust',
  'remove-trust',
  'set-rules',
] as const;

export type Act = (typeof ACTS)[number];

/** What was done, and who did it. Never holds a secret. */
export interface AuditEvent {
  readonly act: Act;
  /** The handle of the account that it concerns. */
  readonly handle: string;
  /** Absent where only the handle is known, as with a workload. */
  readonly account?: Account;
  readonly subject: Subject;
  /** See `Identity`. */
  readonly uniqueId?: string;
  /** The group whose policy alone made the subject an administrator; absent: it was one without. */
  readonly group?: Group;
  /** What it was done to: a token's id, a namespace's name. */
  readonly target: string;
  readonly requestId: string;
  readonly sourceAddress: string;
}

export interface AuditStore {
  /** Stores the event; the act may happen only afterwards. */
  record(event: AuditEvent, nowMs: number): Promise<void>;
}

/** A recorded act. An older or a newer version may have recorded acts that this one does not know. */
export interface AuditEntry {
  /** Where it is in the list: later entries have later positions. */
  readonly position: string;
  /** Seconds since 1970. */
  readonly at: number;
  readonly act: string;
  readonly target: string;
  readonly subject: string;
  readonly uniqueId: string | null;
  readonly group: string | null;
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** Entries of an account, from the newest back. */
export interface AuditRange {
  readonly act?: Act | undefined;
  readonly target?: string | undefined;
  /** One of these; absent: anyone. */
  readonly subjects?: readonly string[] | undefined;
  /** Both included, in milliseconds since 1970. */
  readonly sinceMs?: number | undefined;
  readonly untilMs?: number | undefined;
  /** The position after which the list goes on; there need not be an entry. */
  readonly after?: string | undefined;
  /** The most entries that are examined; fewer may be answered. */
  readonly limit: number;
  /** Seconds since 1970. Entries that have expired by then are not answered. */
  readonly now: number;
}

export interface AuditReader {
  /** One read. `next` is where to go on; undefined: that was all. */
  list(
    account: Account,
    range: AuditRange,
  ): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | undefined }>;
}
