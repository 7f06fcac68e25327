/** Reads what was done in an account, newest first, a page at a time. */

import type { Account } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import type { AuditEntry, AuditRange, AuditReader } from '../ports/audit.ts';
import type { Clock } from '../ports/system.ts';

export interface AuditReadPorts {
  readonly entries: AuditReader;
  readonly clock: Clock;
}

export interface AuditRequest extends Pick<AuditRange, 'act' | 'after' | 'subjects' | 'target'> {
  readonly account: Account;
  /** Seconds since 1970, both included. */
  readonly since: number | undefined;
  readonly until: number | undefined;
  readonly limit: number;
}

/** What one page of a filtered list examines: it is short rather than slow. */
const EXAMINED = 500;

/** A page of entries; `next` is the `after` of the next page. One read, so a page may have few entries or none. */
export async function readAudit(
  { entries, clock }: AuditReadPorts,
  { account, since, until, limit, ...rest }: AuditRequest,
): Promise<{ readonly entries: readonly AuditEntry[]; readonly next: string | undefined }> {
  const isFiltered = [rest.act, rest.target, rest.subjects].some(filter => filter !== undefined);
  const page = await entries.list(account, {
    ...rest,
    sinceMs: since === undefined ? undefined : since * 1000,
    untilMs: until === undefined ? undefined : until * 1000 + 999,
    // One more than the page holds, so that the last page is known to be the last.
    limit: isFiltered ? EXAMINED : limit + 1,
    now: toSeconds(clock()),
  });
  if (page.entries.length <= limit) return page;
  const found = page.entries.slice(0, limit);
  return { entries: found, next: found.at(-1)?.position };
}
