/** Puts the cleanup together from its configuration. */
import { readConfig } from '../config.ts';
import type { Log } from '../ports.ts';
import { createDynamoClient } from '../store/client.ts';
import { expiryStore } from '../store/expiry-store.ts';
import { structuredLog } from '../telemetry/log.ts';
import { type CleanupCounts, cleanUp } from '../usecases/clean-up.ts';
import { clock } from './system.ts';

/** The cleanup; it is told how many milliseconds it may still take. */
export function composeCleanup(): { run: (remainingMs: () => number) => Promise<CleanupCounts>; log: Log } {
  const { table } = readConfig(['table']);
  const expiry = expiryStore({ client: createDynamoClient(), table });
  return { run: remainingMs => cleanUp({ expiry, clock, remainingMs }), log: structuredLog() };
}
