/** What keeps a restored table from bringing back what was taken away: the ledger, and the identity of the table. */
import type { LedgerEntry } from './domain/loss.ts';

/** What was taken away, kept outside the table: a table that was restored learns from it what must not come back. */
export interface Ledger {
  /** Keeps the entry; what it tells of may happen only afterwards. */
  append(entry: LedgerEntry): Promise<void>;
  /** A page of what is kept, oldest first, from where `next` of the page before says. `next` undefined: that was all. */
  entries(
    nowMs: number,
    from: string | undefined,
  ): Promise<{ entries: LedgerEntry[]; next: string | undefined }>;
}

/** Whether the table is the one whose losses the ledger has: a copy of it never is, until it was told of them. */
export interface TableIdentity {
  isOurs(): Promise<boolean>;
  /**
   * Enters a table that holds nothing in a ledger that knows no table: at the first start, and only then. Answers
   * whether the table is the ledger's; ends the service of one that another has taken the place of.
   */
  settle(nowMs: number): Promise<boolean>;
  /** Makes the table the ledger's. All of the ledger must have been replayed. */
  adopt(nowMs: number): Promise<void>;
  /** Notes that the table, which is the ledger's, is in use: a copy of it is at least as young. */
  beat(nowMs: number): Promise<void>;
  /** When the table or what it is a copy of was last in use, and since when there is the ledger, in milliseconds since 1970. */
  history(): Promise<{ usedAt: number | undefined; ledgerSince: number | undefined }>;
  /** How far the replay came; undefined: it is at the beginning. */
  progress(): Promise<string | undefined>;
  saveProgress(next: string | undefined): Promise<void>;
}
