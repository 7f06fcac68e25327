/** The ledger of revocations, and the marker that ties the table to it. */
import type { RevocationEntry } from '../domain/revocation.ts';

/** The revocations, stored outside the table: replayed into a restored table, so that nothing revoked comes back. */
export interface Ledger {
  /** Stores the entry; the revocation may happen only afterwards. */
  append(entry: RevocationEntry): Promise<void>;
  /** A page of entries, day by day, from the `next` of the page before. `next` undefined: that was all. */
  entries(
    span: TimeRange,
    from: string | undefined,
  ): Promise<{ entries: RevocationEntry[]; next: string | undefined }>;
}

/** In milliseconds since 1970. Entries may be up to a day later than `nowMs`: clocks differ. */
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
  /** Makes the table the ledger's, after the ledger was replayed into it. */
  adopt(nowMs: number): Promise<void>;
  /** Stores that the table, which is the ledger's, is in use: a copy made later has this time or a later one. */
  heartbeat(nowMs: number): Promise<void>;
  /** When the table, or the one it is a copy of, was last in use, and when the ledger began. */
  history(): Promise<{ usedAt: number | undefined; ledgerSince: number | undefined }>;
  /** How far the replay came; undefined: it is at the beginning. */
  progress(): Promise<string | undefined>;
  saveProgress(next: string | undefined): Promise<void>;
}
