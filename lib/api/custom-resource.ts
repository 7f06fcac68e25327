/** What CloudFormation asks of a function behind a custom resource, and what it is answered. */
import * as v from 'valibot';

/** Puts the answer where CloudFormation waits for it. */
export type Respond = (url: string, body: string) => Promise<void>;

const Request = v.object({
  RequestType: v.picklist(['Create', 'Update', 'Delete']),
  ResponseURL: v.string(),
  StackId: v.string(),
  RequestId: v.string(),
  LogicalResourceId: v.string(),
  PhysicalResourceId: v.optional(v.string()),
});
export type ResourceRequest = v.InferOutput<typeof Request>;

/** Always the same: another one would make CloudFormation delete the first. */
const PHYSICAL_ID = 'pullpass-keys';
/** An answer has 4096 bytes at most ("Custom resource response objects"); the identifiers in it are ours to repeat. */
const MAX_REASON = 512;

/** The request in an event; undefined for an event of another kind. Throws for a request that is not whole. */
export function resourceRequest(event: unknown): ResourceRequest | undefined {
  if (typeof event !== 'object' || event === null || !('RequestType' in event)) return undefined;
  return v.parse(Request, event);
}

/** The answer: a failure with its reason, or success. */
export function resourceResponse(request: ResourceRequest, failure: string | undefined): string {
  const { StackId, RequestId, LogicalResourceId, PhysicalResourceId = PHYSICAL_ID } = request;
  const ids = { StackId, RequestId, LogicalResourceId, PhysicalResourceId };
  return JSON.stringify(
    failure === undefined
      ? { Status: 'SUCCESS', ...ids }
      : { Status: 'FAILED', Reason: failure.slice(0, MAX_REASON), ...ids },
  );
}
