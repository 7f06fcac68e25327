/** Removes what has expired. Correctness never depends on it: every reader treats the expired as gone. */
import { HOUR_SECONDS, toSeconds } from '../domain/time.ts';
import type { Clock, ExpiryStore } from '../ports.ts';

export interface CleanupPorts {
  readonly expiry: ExpiryStore;
  readonly clock: Clock;
  /** Milliseconds that this run may still take. */
  readonly remainingMs: () => number;
}

export interface CleanupCounts {
  readonly removed: number;
  /** Renewed, or removed by another run, between the look and the act. */
  readonly kept: number;
  readonly pages: number;
  /** False: the time was up; the next run goes on from there. */
  readonly finished: boolean;
}

/** What expired so recently is left alone, so that nothing races with a renewal at the last second. */
export const CLEANUP_GRACE_SECONDS = HOUR_SECONDS;
/** Stops with this much time left, which is more than a page takes. */
const MARGIN_MS = 5_000;

/** Removes page by page until the end or the deadline. Safe to run twice at once and to kill at any point. */
export async function cleanUp(ports: CleanupPorts): Promise<CleanupCounts> {
  const { expiry, clock, remainingMs } = ports;
  const cutoff = toSeconds(clock()) - CLEANUP_GRACE_SECONDS;
  let cursor = await expiry.checkpoint();
  let removed = 0;
  let kept = 0;
  let pages = 0;
  do {
    const page = await expiry.expired(cutoff, cursor);
    for (const record of page.records) {
      if (await expiry.removeExpired(record, cutoff)) removed++;
      else kept++;
    }
    pages++;
    cursor = page.next;
    await expiry.saveCheckpoint(cursor);
  } while (cursor !== undefined && remainingMs() > MARGIN_MS);
  return { removed, kept, pages, finished: cursor === undefined };
}
