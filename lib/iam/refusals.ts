import { type Denial, PullpassError } from '../domain/errors.ts';

/** The proof does not hold; `reason` is for the log, `denial` for the figures. */
export function rejected(reason: string, denial: Denial = 'not-proven'): PullpassError {
  return new PullpassError('unauthenticated', { reason, denial });
}

/** An issuer that had to be asked did not answer; `reason` and `cause` are for the log. */
export function unanswered(reason: string, retryAfterSeconds: number, cause?: unknown): PullpassError {
  return new PullpassError('unavailable', { reason, retryAfterSeconds, cause });
}
