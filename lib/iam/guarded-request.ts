/** A request to an issuer's endpoint whose faults stay its own: bounded, and behind a breaker. */
import {
  type BoundedAnswer,
  type BoundedRequest,
  boundedRequest,
  OversizeAnswer,
} from './bounded-request.ts';
import type { Breaker } from './breaker.ts';
import { unanswered } from './refusals.ts';

/** When to ask again after the issuer did not answer. */
export const RETRY_AFTER_SECONDS = 5;

/**
 * Sends the request unless the breaker is open. Only a broken connection, a time-out and a 5xx count as failures: junk
 * must not shut others out. Throws `unavailable` when there is no answer that fits.
 */
export async function guardedRequest(
  request: BoundedRequest,
  breaker: Breaker,
  nowMs: number,
): Promise<BoundedAnswer> {
  breaker.enter(nowMs);
  try {
    const answer = await boundedRequest(request);
    if (answer.status >= 500) breaker.failed(nowMs);
    else breaker.answered();
    return answer;
  } catch (error) {
    if (error instanceof OversizeAnswer) breaker.answered();
    else breaker.failed(nowMs);
    throw unanswered('the exchange failed', RETRY_AFTER_SECONDS, error);
  }
}
