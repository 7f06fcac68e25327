import { unavailable } from '../domain/errors.ts';

/** The answer of a call; throws `unavailable` for every error. */
export async function orUnavailable<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    throw unavailable(`store: ${error instanceof Error ? error.name : 'unknown error'}`, {
      retryAfterSeconds: 1,
      cause: error,
    });
  }
}

/** Whether the condition of a write held; throws `unavailable` for every other error. */
export async function conditionHolds(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'ConditionalCheckFailedException') return false;
    return orUnavailable(Promise.reject(error));
  }
}
