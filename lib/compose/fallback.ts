import { PullpassError } from '../domain/errors.ts';
import { type ChainParts, publicChain } from './chain.ts';

/**
 * Serves nothing, whatever the route: an HTTP API decodes paths, so one that it has found no route for may come here looking
 * like one that there is.
 */
export function composeFallback(): ChainParts {
  const ready = () =>
    Promise.reject(new PullpassError('not-found', { detail: 'There is nothing at this path.' }));
  return { ...publicChain(), ready };
}
