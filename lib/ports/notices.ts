/** Events about tokens: kept until they were delivered. A thrown error means "could not answer", never "no". */

import type { CloudEvent, NoticeType } from '../domain/notice.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { TokenRecord } from '../domain/token-record.ts';

/** An event that waits to be sent. */
export interface OutboxEntry {
  readonly id: string;
  readonly type: NoticeType;
  readonly token: TokenAddress;
  /** When it may be sent, in seconds since 1970. */
  readonly dueAt: number;
  /** The event; of an expiry it is made when it is sent, from the token as it is then. */
  readonly event: CloudEvent | null;
  /** The version of the token that the act makes; of an expiry the end that it announces. */
  readonly expects: number;
}

/** Whether what an entry announces has happened: `unknown` is that so much happened since that it cannot be told. */
export type Outcome = 'happened' | 'not-happened' | 'unknown';

export interface DueEntry extends OutboxEntry {
  /** Of an expiry: whether its token still ends then. */
  readonly outcome: Outcome;
  /** The token as it is now; undefined: there is none. */
  readonly record: TokenRecord | undefined;
}

/** Entries in the order in which they are due. Every method throws `unavailable` when the table does not answer. */
export interface Outbox {
  /** Stores the entry before its act, which marks the token with it in the same write. */
  prepare(entry: OutboxEntry): Promise<void>;
  /** Forgets the entry: it was delivered, or its act did not happen. */
  remove(entry: OutboxEntry): Promise<void>;
  /** A page of what is due, behind that position; `next` undefined: that was all. */
  due(
    now: number,
    after: string | undefined,
  ): Promise<{ entries: readonly DueEntry[]; next: string | undefined }>;
  /** Stores those of the entries that were not stored before, whether they were sent since or not. `expects` is how long that is known. */
  schedule(entries: readonly OutboxEntry[]): Promise<void>;
}

/** Takes events. */
export interface NoticeSink {
  /** Throws unless it was accepted; it may have been all the same. */
  send(event: CloudEvent): Promise<void>;
}
