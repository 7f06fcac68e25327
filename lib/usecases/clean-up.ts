/** Removes what has expired, and makes the daily hygiene report in the same pass. Correctness never depends on it: every reader treats the expired as gone. */
import {
  type AccountReport,
  type Candidate,
  EXPIRING_SECONDS,
  findingKindOf,
  type HygieneReport,
  withFinding,
} from '../domain/hygiene.ts';
import { DAY_SECONDS, HOUR_SECONDS, toSeconds } from '../domain/time.ts';
import type { Outbox } from '../ports/notices.ts';
import type { Checkpoint, ExpiryPage, ExpiryStore, Notices } from '../ports/stores.ts';
import type { Clock, Metrics } from '../ports/system.ts';
import { LONGEST_NOTICE_SECONDS, scheduleExpiryNotices } from './send-notices.ts';

export interface CleanupPorts {
  readonly expiry: ExpiryStore;
  readonly notices: Notices;
  /** Where the ends of tokens are announced; absent: nowhere. */
  readonly outbox?: Pick<Outbox, 'schedule'> | undefined;
  readonly metrics: Metrics;
  readonly clock: Clock;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
  /** What ended less long ago is left alone. */
  readonly graceSeconds: number;
  /** A token without an end that was not used for so long is unused. */
  readonly unusedSeconds: number;
}

export interface CleanupCounts {
  readonly removed: number;
  /** Renewed, or removed by another run, between the look and the act; or removed by this one, whose answer was lost. */
  readonly kept: number;
  readonly pages: number;
  /** False: the time was up; the next run goes on from there. */
  readonly finished: boolean;
}

/** Long enough that nothing races with a renewal at the last second. */
export const CLEANUP_GRACE_SECONDS = HOUR_SECONDS;

/** Where the table itself removes what has expired, at no cost, but only "within a few days": what is left then was not removed by it. */
export const TTL_GRACE_SECONDS = 7 * DAY_SECONDS;

/** Stops with this much time left, which is more than a page and a report take. */
const MARGIN_MS = 10_000;

/** A run that is killed repeats so many pages at most; what it has removed stays removed. */
const PAGES_BETWEEN_CHECKPOINTS = 10;

const NOTHING: CleanupCounts = { removed: 0, kept: 0, pages: 0, finished: true };

/**
 * Goes page by page to the end or the deadline. Safe to run twice at once and to kill at any point: the report is
 * stored in the checkpoint, with the cursor that it reaches to. `whole`: begins a pass where none has stopped in the middle.
 */
export async function cleanUp(ports: CleanupPorts, { whole }: { whole: boolean }): Promise<CleanupCounts> {
  const { expiry, clock, remainingMs, graceSeconds } = ports;
  const now = toSeconds(clock());
  const cutoff = now - graceSeconds;
  let state = await expiry.checkpoint();
  if (state.cursor === undefined && !whole) return NOTHING;
  if (state.cursor === undefined && isReportDue(state, now)) state = { ...state, report: newReport(now) };
  const counts = { removed: 0, kept: 0, pages: 0 };
  do {
    const page = await expiry.page(
      { cutoff, candidatesUntil: candidatesUntil(ports, state, now) },
      state.cursor,
    );
    await announceEnds(ports, page, now);
    const removed = await Promise.all(page.expired.map(record => expiry.removeExpired(record, cutoff)));
    counts.removed += removed.filter(Boolean).length;
    counts.kept += removed.filter(was => !was).length;
    counts.pages++;
    state = await advanced(ports, state, page);
    if (counts.pages % PAGES_BETWEEN_CHECKPOINTS === 0) await expiry.saveCheckpoint(state);
  } while (state.cursor !== undefined && remainingMs() > MARGIN_MS);
  await stop(ports, state);
  return { ...counts, finished: state.cursor === undefined };
}

function candidatesUntil({ outbox }: CleanupPorts, { report }: Checkpoint, now: number): number | undefined {
  if (outbox !== undefined) return now + LONGEST_NOTICE_SECONDS;
  return report && report.at + EXPIRING_SECONDS;
}

async function announceEnds(
  { outbox }: CleanupPorts,
  { candidates }: ExpiryPage,
  now: number,
): Promise<void> {
  if (outbox === undefined) return;
  await scheduleExpiryNotices(
    outbox,
    candidates.filter(candidate => candidate.kind === 'token'),
    now,
  );
}

/** The state after a page. The report is published at the end, and before it grows too long for the store. */
async function advanced(
  { notices, unusedSeconds }: CleanupPorts,
  before: Checkpoint,
  { candidates, next: cursor }: ExpiryPage,
): Promise<Checkpoint> {
  if (before.report === undefined) return { ...before, cursor };
  const report = addCandidates(before.report, candidates, unusedSeconds);
  const isToGo = cursor === undefined || isLong(report);
  return { ...before, cursor, report: isToGo ? await publishReport(notices, report) : report };
}

/** Leaves what the next run needs; only what is stored as finished counts as finished. */
async function stop({ expiry, metrics }: CleanupPorts, state: Checkpoint): Promise<void> {
  const { cursor, report, reportedAt } = state;
  if (cursor !== undefined) return expiry.saveCheckpoint(state);
  await expiry.saveCheckpoint({ cursor, report: undefined, reportedAt: report?.at ?? reportedAt });
  metrics.count('CleanupFinished');
  if (report === undefined) return;
  metrics.count('ReleasedNamespaces', report.totals.releasedNamespaces);
  metrics.count('UnusedTokens', report.totals.unusedTokens);
  metrics.count('ExpiringTokens', report.totals.expiringTokens);
}

/** Once a day, also when a schedule is an hour early. */
const REPORT_EVERY_SECONDS = 23 * HOUR_SECONDS;

/** The longest reports on so many accounts still fit into one item (400 KB) with room to spare. */
export const MAX_ACCOUNTS = 100;

function isReportDue({ reportedAt }: Pick<Checkpoint, 'reportedAt'>, now: number): boolean {
  return reportedAt === undefined || reportedAt <= now - REPORT_EVERY_SECONDS;
}

function newReport(at: number): HygieneReport {
  return { at, accounts: [], totals: { releasedNamespaces: 0, unusedTokens: 0, expiringTokens: 0 } };
}

/** The report with what a page has shown. */
function addCandidates(
  report: HygieneReport,
  candidates: readonly Candidate[],
  unusedSeconds: number,
): HygieneReport {
  const accounts = new Map<string, AccountReport>(report.accounts.map(entry => [entry.account, entry]));
  const totals = { ...report.totals };
  for (const candidate of candidates) {
    const kind = findingKindOf(candidate, { at: report.at, unusedSeconds });
    if (kind === undefined) continue;
    totals[kind]++;
    accounts.set(candidate.account, withFinding(accounts.get(candidate.account), kind, candidate));
  }
  return { ...report, accounts: [...accounts.values()], totals };
}

function isLong({ accounts }: HygieneReport): boolean {
  return accounts.length >= MAX_ACCOUNTS;
}

/** The report without what was published. An account that comes up again gets a second notice: their counts add up. */
async function publishReport(notices: Notices, report: HygieneReport): Promise<HygieneReport> {
  if (report.accounts.length > 0) await notices.publish(report.accounts, report.at);
  return { ...report, accounts: [] };
}
