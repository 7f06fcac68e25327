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
 * Whether the table is the ledger's. `matches`: the ledger has all its revocations. `uncertain`: it may be a copy that was
 * made since the last start. `differs`: any other table, above all an older copy.
 */
export type MatchStatus = 'differs' | 'matches' | 'uncertain';

/** Tells the ledger's table from copies of it: a copy never matches before the ledger was replayed into it. */
export interface TableMarker {
  matches(): Promise<boolean>;
  /**
   * At each start or deployment: whether the table matches, as an empty one does from now on if the ledger knows no
   * other. Takes a table out of service that another has replaced.
   */
  initialise(nowMs: number): Promise<MatchStatus>;
  /** Makes the table the ledger's. What the ledger has must have been replayed. */
  adopt(nowMs: number): Promise<void>;
  /** Stores that the table, which is the ledger's, is in use: a copy made later has this time or a later one. */
  heartbeat(nowMs: number): Promise<void>;
  /** When the table, or what it is a copy of, was last in use, and since when there is the ledger. */
  history(): Promise<{ usedAt: number | undefined; ledgerSince: number | undefined }>;
  /** How far the replay came; undefined: it is at the beginning. */
  progress(): Promise<string | undefined>;
  saveProgress(next: string | undefined): Promise<void>;
}
