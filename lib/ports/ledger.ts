/** The ledger of revocations, and the marker that ties the table to it. */
import type { RevocationEntry } from '../domain/revocation.ts';

/** What was taken away, kept outside the table: a table that was restored learns from it what must not come back. */
export interface Ledger {
  /** Keeps the entry; what it tells of may happen only afterwards. */
  append(entry: RevocationEntry): Promise<void>;
  /** A page, day by day, from where `next` of the page before says. `next` undefined: that was all. */
  entries(
    span: TimeRange,
    from: string | undefined,
  ): Promise<{ entries: RevocationEntry[]; next: string | undefined }>;
}

/** A stretch of time, in milliseconds since 1970; `nowMs` is a day ahead at most for whoever's clock is. */
export interface TimeRange {
  readonly sinceMs: number;
  readonly nowMs: number;
}

/**
 * Whose the table is. `ours`: the one whose losses the ledger has. `unsure`: perhaps a copy of it that was made since it
 * was last started. `foreign`: any other, above all a copy that is older.
 */
export type MatchStatus = 'foreign' | 'ours' | 'unsure';

/** Whether the table is the one whose losses the ledger has: a copy of it never is, until it was told of them. */
export interface TableMarker {
  matches(): Promise<boolean>;
  /**
   * At each start or deployment: whose the table is, and from now on ours if it holds nothing and the ledger knows no
   * other. Takes the table out of service whose place another has taken.
   */
  initialise(nowMs: number): Promise<MatchStatus>;
  /** Makes the table the ledger's. What the ledger has must have been replayed. */
  adopt(nowMs: number): Promise<void>;
  /** Notes that the table, which is the ledger's, is in use: a copy of it is at least as young. */
  heartbeat(nowMs: number): Promise<void>;
  /** When the table, or what it is a copy of, was last in use, and since when there is the ledger. */
  history(): Promise<{ usedAt: number | undefined; ledgerSince: number | undefined }>;
  /** How far the replay came; undefined: it is at the beginning. */
  progress(): Promise<string | undefined>;
  saveProgress(next: string | undefined): Promise<void>;
}
