/** Replays the ledger into a restored table; invoked by the operator, until it answers that it has finished. */
import type { Context } from 'aws-lambda';
import { restoreRequest } from '../lib/api/restore.ts';
import { composeRestore } from '../lib/compose/restore.ts';

const { run, log } = composeRestore();

/** Answers what was read and changed. Takes `{"dryRun": true}` and `{"acceptGap": true}`. */
export async function handler(
  event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  const counts = await run(restoreRequest(event), () => context.getRemainingTimeInMillis());
  log.info('ledger-replayed', { ...counts });
  return counts;
}
