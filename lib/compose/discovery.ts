/** The functions whose routes are public: they count nothing, as it would only blur the figures of logins. */
import { discoveryHandlers, openApiHandlers } from '../api/discovery.ts';
import { ALL_ROUTES, ROUTES } from '../api/routes.ts';
import { PullpassError } from '../domain/errors.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { keyPublication } from '../signing/publication.ts';
import { NO_METRICS } from '../telemetry/metrics.ts';
import { openKeyStore } from './keys-by-reference.ts';
import { openParts, type World } from './world.ts';

export function createDiscovery(world: World): HttpHandler {
  const parts = openParts(world, ['url', 'services', 'keys', 'issuers']);
  const { services, url: issuer, issuers } = parts.config;
  const keys = keyPublication(services, openKeyStore(parts));
  return httpHandler({
    ...parts,
    metrics: NO_METRICS,
    authenticate: {},
    routes: ROUTES.discovery,
    handlers: {
      ...discoveryHandlers({ keys, clock: parts.clock, services, issuer, iam: issuers.iam }),
      ...openApiHandlers(issuer),
    },
  });
}

/**
 * Answers our 404 for an unknown path and our 405 for an unknown method. It serves no route: an HTTP API decodes paths, so
 * one that it found no route for may look here like one that exists.
 */
export function createFallback(world: World): HttpHandler {
  const ready = () =>
    Promise.reject(new PullpassError('not-found', { detail: 'There is nothing at this path.' }));
  return httpHandler({
    ...openParts(world, []),
    metrics: NO_METRICS,
    authenticate: {},
    ready,
    routes: ALL_ROUTES,
    handlers: {},
  });
}
