/** The bound on failed authentications: apart from the verifiers, of which not every function knows. */
import { type FailureLimiter, failureLimiter } from '../limits/rate-limiter.ts';
import type { Parts } from './parts.ts';

/** For each source address. */
export function openFailureLimiter({ config }: Parts<'failuresPerMinute'>): FailureLimiter {
  return failureLimiter(config.failuresPerMinute);
}
