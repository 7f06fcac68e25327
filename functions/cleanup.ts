/** Removes what has expired, and reports once a day what operators should look at; called by schedules. */
import type { Context } from 'aws-lambda';
import { composeCleanup } from '../lib/compose/cleanup.ts';

const { run, log, metrics } = composeCleanup();

/** A second schedule says `continue`: it goes on where a pass has run out of time, and else does nothing. */
export interface CleanupEvent {
  readonly continue?: unknown;
}

/** Answers how many records were removed, and whether the time sufficed. */
export async function handler(
  event: CleanupEvent | undefined,
  context: Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>,
): Promise<object> {
  const { awsRequestId: requestId } = context;
  const remainingMs = () => context.getRemainingTimeInMillis();
  try {
    const counts = await run({ whole: event?.continue !== true, remainingMs });
    log.info('cleaned-up', { requestId, ...counts });
    return counts;
  } finally {
    metrics.flush({ requestId });
  }
}
