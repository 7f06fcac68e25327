/** What an operator may ask of the restore function. */
import * as v from 'valibot';
import { otherEvent, refuseEvent } from '../http/event.ts';
import type { HttpResult } from '../http/request.ts';
import type { Log } from '../ports/system.ts';
import type { ReplayCounts, ReplayRequest } from '../usecases/replay-ledger.ts';
import { logWith } from './keys.ts';

const Request = v.strictObject({
  dryRun: v.optional(v.boolean(), false),
  acceptGap: v.optional(v.boolean(), false),
});

/** Replays the ledger; it is told how many milliseconds it may still take. */
export type Replay = (request: ReplayRequest, remainingMs: () => number) => Promise<ReplayCounts>;

/** What the platform says of an invocation. */
export interface RestoreContext {
  readonly awsRequestId: string;
  getRemainingTimeInMillis(): number;
}

/** Answers what was read and changed. The operator's act is logged before it is done, like those of administrators. */
export function restoreHandler({ run, log }: { readonly run: Replay; readonly log: Log }) {
  return async (event: unknown, context: RestoreContext): Promise<ReplayCounts | HttpResult> => {
    const other = otherEvent(event);
    if (other !== undefined) return refuseEvent(other, context.awsRequestId, log);
    const request = restoreRequest(event);
    const { info } = logWith(log, { requestId: context.awsRequestId });
    if (!request.dryRun) info('act', { act: 'restore', subject: 'operator', target: 'table' });
    const counts = await run(request, () => context.getRemainingTimeInMillis());
    info('ledger-replayed', { ...counts });
    return counts;
  };
}

/** Throws for a member that is unknown: a dry run that is misspelt must not be the real one. */
function restoreRequest(event: unknown): ReplayRequest {
  return { ...v.parse(Request, event ?? {}), unsure: false };
}
