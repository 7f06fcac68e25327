/** Replays the ledger into a restored table. The operator invokes it with {"dryRun": true} or {"acceptGap": true} until it has finished. */
import { createRestore } from '../lib/compose/restore.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createRestore(processWorld());
