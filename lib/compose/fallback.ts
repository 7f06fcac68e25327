/** What answers where no other function does. */
import { withHealth } from '../api/health.ts';
import { ALL_ROUTES } from '../api/routes.ts';
import { PullpassError } from '../domain/errors.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { NO_METRICS, structuredLog } from '../telemetry/log.ts';
import type { World } from './parts.ts';

/**
 * Answers our 404 for an unknown path and our 405 for an unknown method. It serves no route: an HTTP API decodes paths, so
 * one that it found no route for may look here like one that exists.
 */
export function createFallback(world: World): HttpHandler {
  const ready = () =>
    Promise.reject(new PullpassError('not-found', { detail: 'There is nothing at this path.' }));
  const handler = httpHandler({
    log: structuredLog(world),
    clock: world.clock,
    metrics: NO_METRICS,
    authenticate: {},
    ready,
    routes: ALL_ROUTES,
    handlers: {},
  });
  return withHealth(handler, {});
}
