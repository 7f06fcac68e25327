/** What an operator may ask of the restore function. */
import * as v from 'valibot';
import type { ReplayRequest } from '../usecases/replay-ledger.ts';

const Request = v.strictObject({
  dryRun: v.optional(v.boolean(), false),
  acceptGap: v.optional(v.boolean(), false),
});

/** Throws for a member that is unknown: a dry run that is misspelt must not be the real one. */
export function restoreRequest(event: unknown): ReplayRequest {
  return { ...v.parse(Request, event ?? {}), unsure: false };
}
