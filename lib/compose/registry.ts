/** The registry function: pulls from upstreams for those who have an access token, and takes what other registries report. */
import { readTable, withHealth } from '../api/health.ts';
import { notificationHandlers } from '../api/notifications.ts';
import { registryHandlers } from '../api/registry.ts';
import { REGISTRY_ROUTES, ROUTES } from '../api/routes.ts';
import { PullpassError } from '../domain/errors.ts';
import { asksAws, isProxied } from '../domain/service.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { failureLimiter } from '../limits/rate-limiter.ts';
import type { UpstreamRegistry } from '../ports/others.ts';
import type { Metrics } from '../ports/system.ts';
import { accessTokenVerifier } from '../signing/verifier.ts';
import { loginStore } from '../store/login-store.ts';
import { usageStore } from '../store/usage-store.ts';
import { registryHttp, UPSTREAM_LIMITS } from '../upstream/http.ts';
import { upstreamLogins } from '../upstream/login.ts';
import { manifestCache } from '../upstream/manifests.ts';
import { notificationSecrets } from '../upstream/notifications.ts';
import { upstreamRegistry } from '../upstream/registry.ts';
import { openParts, type World } from './parts.ts';
import { openKeyStore, openTable, openTableGuard, openUpstreamSecrets, TABLE_SETTINGS } from './resources.ts';

const SETTINGS = ['url', 'services', 'keys', 'failuresPerMinute', ...TABLE_SETTINGS] as const;

const BUFFERED_IDLE_MS = 8_000;

export function createRegistry(world: World): HttpHandler {
  const parts = openParts(world, SETTINGS);
  const { url, services } = parts.config;
  const proxied = services.filter(isProxied);
  // A start without AWS credentials fails, and not the first pull.
  if (asksAws(services)) parts.aws('ecr');
  const secrets = openUpstreamSecrets(parts);
  const options = { table: openTable(parts), randomBytes: parts.randomBytes };
  const ready = openTableGuard(parts);
  world.prepare?.(ready);
  const { clock } = parts;
  const pulling = {
    verifier: accessTokenVerifier(openKeyStore(parts), url),
    store: loginStore(options),
    usage: usageStore(options),
    clock,
  };
  const login = upstreamLogins(secrets);
  // A function has to answer before its own time is over.
  const limits = world.streams === true ? UPSTREAM_LIMITS : { ...UPSTREAM_LIMITS, idleMs: BUFFERED_IDLE_MS };
  const registry = upstreamRegistry({ send: registryHttp(limits), login, clock });
  const handler = httpHandler({
    ...parts,
    failures: failureLimiter(parts.config.failuresPerMinute),
    authenticate: {},
    ready,
    routes: [...ROUTES.registry, ...(proxied.length === 0 ? [] : REGISTRY_ROUTES)],
    handlers: {
      ...notificationHandlers({ ...parts, services, pulling, secrets: notificationSecrets(secrets) }),
      ...registryHandlers({
        ...{ ...parts, url, pulling, services: proxied, streams: world.streams === true },
        upstream: manifestCache({ upstream: counted(registry, parts.metrics), clock }),
      }),
    },
  });
  return withHealth(handler, { table: ready, records: () => readTable(pulling.store) });
}

/** Only a refusal of our login is for the operator to mend at once; what does not answer may come back. */
function counted({ ask }: UpstreamRegistry, metrics: Metrics): UpstreamRegistry {
  return {
    ask: request =>
      ask(request).catch((error: unknown) => {
        const isRefusal = error instanceof PullpassError && error.code === 'upstream-refused';
        metrics.count(isRefusal ? 'UpstreamRefused' : 'UpstreamFailures');
        throw error;
      }),
  };
}
