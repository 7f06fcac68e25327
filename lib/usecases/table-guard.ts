/** Lets a function serve only from the table that is the ledger's: a restored copy brings back what was taken away. */

import { PullpassError, unavailable } from '../domain/errors.ts';
import type { TableMarker } from '../ports/ledger.ts';
import type { Clock } from '../ports/system.ts';

export interface GuardPorts {
  readonly identity: Pick<TableMarker, 'matches'>;
  readonly clock: Clock;
}

/** A good answer is asked for anew after half of its time, so that an outage of seconds stops no login. */
const FRESH_MS = 30_000;

const GOOD_MS = 60_000;

const REFUSED_MS = 5_000;

const RETRY_SECONDS = 60;

/**
 * Returns when the table may be served from; throws `unavailable` when it may not, or nobody could tell. Asks at the
 * first call and about twice a minute, of many calls at once one; all others are answered from memory.
 */
export function tableGuard({ identity, clock }: GuardPorts): () => Promise<void> {
  let known: { readonly isOurs: boolean; readonly at: number } | undefined;
  let asking: Promise<void> | undefined;
  const age = () =>
    known === undefined || clock() < known.at ? Number.POSITIVE_INFINITY : clock() - known.at;
  const ask = async () => {
    const at = clock();
    known = { isOurs: await identity.matches(), at };
  };
  return async () => {
    const isKnown = age() < (known?.isOurs ? FRESH_MS : REFUSED_MS);
    if (!isKnown) {
      asking ??= ask().finally(() => {
        asking = undefined;
      });
      await asking.catch((error: unknown) => {
        if (!known?.isOurs || age() >= GOOD_MS) throw unknown(error);
      });
    }
    if (!known?.isOurs) {
      throw unavailable('restored table', { retryAfterSeconds: RETRY_SECONDS });
    }
  };
}

function unknown(cause: unknown): PullpassError {
  if (cause instanceof PullpassError && cause.code === 'unavailable') return cause;
  return unavailable('the identity of the table is not known', { retryAfterSeconds: 1, cause });
}
