/** Lists how often the images of an account were pulled. */
import { type Account, accountHandle } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import { dayOf, toSeconds } from '../domain/time.ts';
import { type Counter, type CounterName, type Day, startOf } from '../domain/usage.ts';
import type { UsageStore } from '../ports/stores.ts';
import type { Clock } from '../ports/system.ts';

export interface UsagePorts {
  readonly usage: Pick<UsageStore, 'list'>;
  readonly clock: Clock;
}

export interface UsageRequest {
  readonly account: Account;
  readonly token: string | undefined;
  readonly repository: string | undefined;
  /** Undefined: so that there are 30 days. */
  readonly from: Day | undefined;
  /** Undefined: today. */
  readonly to: Day | undefined;
  readonly limit: number;
  /** The counter that the last page ended with. */
  readonly after: CounterName | undefined;
}

export interface UsagePage {
  readonly from: Day;
  readonly to: Day;
  readonly counters: readonly Counter[];
  readonly next: CounterName | undefined;
}

const DAYS = 30;
/** Reads of the store for one page, and what each examines of a list that is filtered: a page is short rather than slow. */
const MAX_READS = 10;
const EXAMINED = 500;

/** A page of counters, the latest day first. Throws `invalid-request` for days in the wrong order. */
export async function listUsage({ usage, clock }: UsagePorts, request: UsageRequest): Promise<UsagePage> {
  const { account, token, repository, limit, after } = request;
  const to = request.to ?? dayOf(toSeconds(clock()));
  const from = request.from ?? dayOf(startOf(to, 1 - DAYS));
  if (from > to) {
    throw new PullpassError('invalid-request', {
      detail: 'The query is not valid; see errors.',
      problems: [{ path: 'from', message: `must not be after the last day, ${to}` }],
    });
  }
  const range = { from, to, ...(token && { token }), ...(repository && { repository }) };
  const isFiltered = token !== undefined || repository !== undefined;
  const found: Counter[] = [];
  let next = after;
  for (let reads = 0; reads < MAX_READS && found.length <= limit; reads++) {
    // One more than the page holds, so that the last page is known to be the last.
    const examined = isFiltered ? EXAMINED : limit + 1 - found.length;
    const page = await usage.list(accountHandle(account), { ...range, after: next, limit: examined });
    found.push(...page.counters);
    next = page.next;
    if (next === undefined) break;
  }
  if (found.length <= limit) return { from, to, counters: found, next };
  const counters = found.slice(0, limit);
  return { from, to, counters, next: counters.at(-1) };
}
