/** Replays the ledger into a restored table; invoked by the operator, until it answers that it has finished. */
import { restoreHandler } from '../lib/api/restore.ts';
import { composeRestore } from '../lib/compose/restore.ts';

/** Takes `{"dryRun": true}` and `{"acceptGap": true}`. */
export const handler = restoreHandler(composeRestore());
