/** What a call failed with. */
import { PullpassError } from '../../lib/domain/errors.ts';

/** The error that `act` throws, recognised by its code; the test fails when it throws nothing, or anything else. */
export function errorOf(act: () => unknown): PullpassError {
  try {
    act();
  } catch (error) {
    if (error instanceof PullpassError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

/** As `errorOf`, of something that takes time. */
export async function rejectionOf(promise: Promise<unknown>): Promise<PullpassError> {
  const error: unknown = await promise.then(
    () => new Error('nothing was thrown'),
    thrown => thrown,
  );
  if (error instanceof PullpassError) return error;
  throw error;
}
