/** The daily report while it is being made. */
import { type AccountReport, type Candidate, findingKindOf, withFinding } from '../domain/hygiene.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import type { Checkpoint, HygieneReport, Notices } from '../ports-cleanup.ts';

/** Once a day, also when a schedule is an hour early. */
const REPORT_EVERY_SECONDS = 23 * HOUR_SECONDS;
/** The longest reports on so many accounts still fit into one item (400 KB) with room to spare. */
export const MAX_ACCOUNTS = 100;

export function isReportDue({ reportedAt }: Pick<Checkpoint, 'reportedAt'>, now: number): boolean {
  return reportedAt === undefined || reportedAt <= now - REPORT_EVERY_SECONDS;
}

export function newReport(at: number): HygieneReport {
  return { at, accounts: [], totals: { releasedNamespaces: 0, unusedTokens: 0, expiringTokens: 0 } };
}

/** The report with what a page has shown. */
export function addCandidates(
  report: HygieneReport,
  sighted: readonly Candidate[],
  unusedSeconds: number,
): HygieneReport {
  const accounts = new Map<string, AccountReport>(report.accounts.map(entry => [entry.account, entry]));
  const totals = { ...report.totals };
  for (const sighting of sighted) {
    const kind = findingKindOf(sighting, { at: report.at, unusedSeconds });
    if (kind === undefined) continue;
    totals[kind]++;
    accounts.set(sighting.account, withFinding(accounts.get(sighting.account), kind, sighting));
  }
  return { ...report, accounts: [...accounts.values()], totals };
}

export function isLong({ accounts }: HygieneReport): boolean {
  return accounts.length >= MAX_ACCOUNTS;
}

/** The report without what was handed on. An account that comes up again gets a second notice: their counts add up. */
export async function publishReport(notices: Notices, report: HygieneReport): Promise<HygieneReport> {
  if (report.accounts.length > 0) await notices.publish(report.accounts, report.at);
  return { ...report, accounts: [] };
}
