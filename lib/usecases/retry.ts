import { unavailable } from '../domain/errors.ts';

const ATTEMPTS = 8;

/** Runs `attempt` until it gives a result; undefined says that it lost a race and should look again. */
export async function retryOnConflict<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (let i = 0; i < ATTEMPTS; i++) {
    const result = await attempt();
    if (result !== undefined) return result;
  }
  throw unavailable('lost every race', { retryAfterSeconds: 1 });
}
