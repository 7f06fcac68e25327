/** Lets a function serve only from the table that is the ledger's: a restored copy brings back what was taken away. */

import { refreshing } from '../cache/refreshing.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { TableMarker } from '../ports/ledger.ts';
import type { Clock } from '../ports/system.ts';

export interface TableGuardPorts {
  readonly identity: Pick<TableMarker, 'matches'>;
  readonly clock: Clock;
}

/** The reason of every refusal while a table waits for its ledger. */
export const RESTORED_TABLE = 'restored table';

/** A good answer is asked for again after half of its time, beside a request: no login waits for it, and an outage of seconds stops none. */
const OURS_MS = 30_000;

const RESTORED_MS = 5_000;

const USABLE_MS = 60_000;

const RETRY_SECONDS = 60;

/**
 * Returns when the table may be served from. Throws `unavailable` when it may not, or when that cannot be found out. Asks
 * at the first call and about twice a minute; other calls are answered from memory.
 */
export function tableGuard({ identity, clock }: TableGuardPorts): () => Promise<void> {
  const isOurs = refreshing({
    load: () => identity.matches().catch(refuse),
    freshFor: matches => (matches ? OURS_MS : RESTORED_MS),
    // After a refusal the request waits for the answer: it may be the first one that is served again.
    besideFor: matches => (matches ? USABLE_MS : 0),
    usableFor: USABLE_MS,
    retryAfter: 0,
  });
  return async () => {
    if (await isOurs.get(clock())) return;
    throw unavailable(RESTORED_TABLE, { retryAfterSeconds: RETRY_SECONDS });
  };
}

function refuse(cause: unknown): never {
  if (cause instanceof PullpassError && cause.code === 'unavailable') throw cause;
  throw unavailable('the identity of the table is not known', { retryAfterSeconds: 1, cause });
}
