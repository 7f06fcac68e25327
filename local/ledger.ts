/** Starts only on a store that the ledger has followed all along, or that it was replayed into. */

import { openParts, type World } from '../lib/compose/parts.ts';
import { openTable, TABLE_SETTINGS } from '../lib/compose/resources.ts';
import { openReplay } from '../lib/compose/restore.ts';
import { missingDays, openLedgerDirectory, unlistDays } from '../lib/ledger/file-ledger.ts';
import { fileTableMarker } from '../lib/ledger/table-marker.ts';
import type { Ledger } from '../lib/ports/ledger.ts';
import { type ReplayRequest, replayLedger } from '../lib/usecases/replay-ledger.ts';
import type { RestoreOptions } from './options.ts';

/** What the store and its ledger are at the start. */
export interface Stored {
  /** The ledger's directory. */
  readonly directory: string;
  /** Whether the store had its write-ahead log, which only a clean end removes. */
  readonly hasLog: boolean;
}

/**
 * Makes sure that the store brings nothing back, and answers what to do when nothing more will be done to it. After a
 * sudden end the ledger is always replayed, from a little before it: the store could be a copy that was made meanwhile.
 * Throws, with what to type, for a store that was restored, and for files that are gone.
 */
export async function openLedger(
  world: World,
  { directory, hasLog }: Stored,
  restoring: RestoreOptions,
): Promise<() => Promise<void>> {
  await openLedgerDirectory(directory);
  const gone = await missingDays(directory, world.clock());
  if (gone.length > 0) {
    if (!restoring.acceptGap) throw new Error(daysAreGone(gone));
    await unlistDays(directory, () => true);
  }
  const parts = openParts(world, TABLE_SETTINGS);
  const marker = fileTableMarker({ table: openTable(parts), directory, randomBytes: world.randomBytes });
  const ports = openReplay(parts);
  const ledger = reportingProgress(ports.ledger);
  const replay = (request: ReplayRequest) =>
    replayLedger({ ...ports, ledger, remainingMs: () => Number.POSITIVE_INFINITY }, request);
  const status = await marker.initialise(world.clock());
  if (status === 'uncertain' && !hasLog && !restoring.acceptGap) throw new Error(LOG_IS_GONE);
  if (status === 'uncertain') await replay({ unsure: true, acceptGap: true, dryRun: false });
  if (status === 'differs') {
    if (!restoring.afterRestore) throw new Error(refusal(directory));
    const { entries, applied } = await replay({ ...restoring, unsure: false, dryRun: false }).catch(explain);
    const read = Object.values(entries).reduce((sum, count) => sum + count, 0);
    console.log(`The ledger was replayed: of ${read} entries ${applied} took something away.`);
  }
  return () => marker.leave(world.clock());
}

const REPORT_EVERY = 1000;

/** A long replay says how far it is. */
function reportingProgress(ledger: Pick<Ledger, 'entries'>): Pick<Ledger, 'entries'> {
  let seen = 0;
  return {
    entries: async (...span) => {
      const page = await ledger.entries(...span);
      const before = seen;
      seen += page.entries.length;
      if (Math.floor(seen / REPORT_EVERY) > Math.floor(before / REPORT_EVERY)) {
        console.log(`The ledger is being replayed: ${seen} entries so far.`);
      }
      return page;
    },
  };
}

function refusal(directory: string): string {
  return [
    'The store was restored from a copy, or this is not its ledger:',
    `  ${directory}`,
    'What was removed since the copy was made would come back. To remove it again and start, type:',
    '  npm start -- --after-restore',
    'To begin anew, move both directories away.',
  ].join('\n');
}

function daysAreGone(paths: readonly string[]): string {
  return [
    'The ledger lacks days that it had:',
    ...paths.map(path => `  ${path}`),
    'Restore them from a backup. What was removed on these days can otherwise come back with a restored store.',
    ACCEPT_GAP,
  ].join('\n');
}

const ACCEPT_GAP = 'To start all the same, type:\n  npm start -- --accept-gap';

const LOG_IS_GONE = [
  'Pullpass ended suddenly, and the log of its store (store.db-wal) is gone: what was written last may be lost.',
  'Put the log back beside the store if you have it.',
  ACCEPT_GAP,
].join('\n');

function explain(error: unknown): never {
  if (!(error instanceof Error && error.name === 'LedgerGap')) throw error;
  throw new Error(
    `${error.message}\nTo start all the same, type:\n  npm start -- --after-restore --accept-gap`,
  );
}
