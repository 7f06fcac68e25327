/** What the cleanup reads, removes and reports. */
import type { AccountReport, Candidate, FindingKind } from '../domain/hygiene.ts';
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

/** A report in progress. */
export interface HygieneReport {
  /** When the pass began, in seconds since 1970: `unused` and `expiring` are as of then. */
  readonly at: number;
  /** What is not published yet. */
  readonly accounts: readonly AccountReport[];
  /** Of the whole pass. */
  readonly totals: Readonly<Record<FindingKind, number>>;
}

/** Reports findings to the operator. */
export interface Notices {
  /** Publishes the findings of each account, as of `at` (seconds since 1970). Throws unless all were published. */
  publish(reports: readonly AccountReport[], at: number): Promise<void>;
}
