/** The public documents. Their routes count nothing: it would only blur the figures of logins. */

import { discoveryHandlers, openApiHandlers } from '../api/discovery.ts';
import { withHealth } from '../api/health.ts';
import { ROUTES } from '../api/routes.ts';
import { toSeconds } from '../domain/time.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { keyPublication } from '../signing/publication.ts';
import { NO_METRICS } from '../telemetry/log.ts';
import { openParts, type World } from './parts.ts';
import { openKeyStore } from './resources.ts';

export function createDiscovery(world: World): HttpHandler {
  const parts = openParts(world, ['url', 'services', 'keys', 'issuers']);
  const { services, url: issuer, issuers } = parts.config;
  const keys = keyPublication(services, openKeyStore(parts));
  world.prepare?.(
    ...services.map(
      ({ name }) =>
        () =>
          keys.jwks(name, toSeconds(parts.clock())),
    ),
  );
  const handler = httpHandler({
    ...parts,
    metrics: NO_METRICS,
    authenticate: {},
    routes: ROUTES.discovery,
    handlers: {
      ...discoveryHandlers({ keys, clock: parts.clock, services, issuer, iam: issuers.iam }),
      ...openApiHandlers({ publicUrl: issuer, services, platforms: issuers.workloads }),
    },
  });
  const published = services.map(({ name }): [string, () => Promise<unknown>] => [
    `keys of ${name}`,
    () => keys.jwks(name, toSeconds(parts.clock())),
  ]);
  return withHealth(handler, Object.fromEntries(published));
}
