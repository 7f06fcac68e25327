/** What the cleanup reads and removes, and whom it tells. */
import type { AccountReport, Candidate, FindingKind } from '../domain/hygiene.ts';

/** Everything that is stored, a page at a time, wherever it lies. */
export interface ExpiryStore {
  /** The page that begins at the cursor; undefined: the first. What changes meanwhile may be missed. */
  page(bounds: PageBounds, cursor: string | undefined): Promise<ExpiryPage>;
  /** Deletes the record if it is still expired. False: it is not, or it is gone. */
  removeExpired(record: ExpiredRecord, cutoff: number): Promise<boolean>;
  /** Where the last run stopped. */
  checkpoint(): Promise<Checkpoint>;
  /** Replaces the checkpoint as a whole: no run finds a cursor with the report of another. */
  saveCheckpoint(checkpoint: Checkpoint): Promise<void>;
}

/** Seconds since 1970. */
export interface PageBounds {
  /** What ended before is listed as expired. */
  readonly cutoff: number;
  /** Tokens that end by then, or never, and released claims are sighted. Undefined: nothing is. */
  readonly candidatesUntil: number | undefined;
}

export interface ExpiryPage {
  readonly expired: readonly ExpiredRecord[];
  readonly candidates: readonly Candidate[];
  /** Undefined: that was all. */
  readonly next: string | undefined;
}

/** What a run hands on to the next. */
export interface Checkpoint {
  /** Undefined: the last pass came to its end. */
  readonly cursor: string | undefined;
  /** The report that the pass makes, as far as the cursor; undefined: it makes none. */
  readonly report: HygieneReport | undefined;
  /** When the pass began that made the last report, in seconds since 1970. */
  readonly reportedAt: number | undefined;
}

/** A report that is being made. */
export interface HygieneReport {
  /** When the pass began, in seconds since 1970: what is unused or expiring is so as of then. */
  readonly at: number;
  /** What was not handed on yet. */
  readonly accounts: readonly AccountReport[];
  /** Over the whole pass. */
  readonly totals: Readonly<Record<FindingKind, number>>;
}

/** Tells whoever runs the deployment what they should look at. */
export interface Notices {
  /** Hands on what was found in each account, as of `at` (seconds since 1970). Throws when not all of it could be. */
  publish(reports: readonly AccountReport[], at: number): Promise<void>;
}

/** The primary key of a record that expired. */
export interface ExpiredRecord {
  readonly pk: string;
  readonly sk: string;
}
