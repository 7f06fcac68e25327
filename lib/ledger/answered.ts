import { unavailable } from '../domain/errors.ts';

/** The answer; undefined for an error of the one name that is as good as an answer. Throws `unavailable` for others. */
export async function orUnavailable(call: Promise<unknown>, expected?: string): Promise<unknown> {
  try {
    return await call;
  } catch (cause) {
    const name = cause instanceof Error ? cause.name : 'unknown error';
    if (name === expected) return undefined;
    throw unavailable(`ledger: ${name}`, { retryAfterSeconds: 1, cause });
  }
}
