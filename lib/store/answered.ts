/** A store that could not answer. */
import { PullpassError } from '../domain/errors.ts';

/** The answer of a call; throws `unavailable` for every error. */
export async function answered<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw unavailable(error instanceof Error ? error.name : 'unknown error', error);
  }
}

export function unavailable(reason: string, cause?: unknown): PullpassError {
  return new PullpassError('unavailable', { reason: `store: ${reason}`, retryAfterSeconds: 1, cause });
}
