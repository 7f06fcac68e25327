/** Removes what has expired; called by a schedule. */
import type { Context } from 'aws-lambda';
import { composeCleanup } from '../lib/compose/cleanup.ts';

const { run, log } = composeCleanup();

/** Answers how many records were removed, and whether the time sufficed. */
export async function handler(
  _event: unknown,
  context: Pick<Context, 'getRemainingTimeInMillis'>,
): Promise<object> {
  const counts = await run(() => context.getRemainingTimeInMillis());
  log.info('cleaned-up', { ...counts });
  return counts;
}
