/** Counts the calls to the store, and those that it did not answer. */
import type { Metrics } from '../ports.ts';

/** A condition that does not hold is an answer, and whoever gives up a call himself has not been failed by it. */
const NO_FAILURES: readonly string[] = ['ConditionalCheckFailedException', 'AbortError'];

/** Carries out one call, however many requests that takes. */
export async function counted<T>(metrics: Metrics, call: () => Promise<T>): Promise<T> {
  metrics.count('StoreCalls');
  try {
    return await call();
  } catch (error) {
    const isFailure = !(error instanceof Error && NO_FAILURES.includes(error.name));
    if (isFailure) metrics.count('StoreFailures');
    throw error;
  }
}
