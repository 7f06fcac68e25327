/** The deployed functions in this process, and which of them serves a path. */
import { randomUUID } from 'node:crypto';
import { type FunctionName, REGISTRY_ROUTES, ROUTES } from '../lib/api/routes.ts';
import { createCleanup } from '../lib/compose/cleanup.ts';
import { createCredentials } from '../lib/compose/credentials.ts';
import { createDiscovery } from '../lib/compose/discovery.ts';
import { createFallback } from '../lib/compose/fallback.ts';
import { createLogin } from '../lib/compose/login.ts';
import { createManagement } from '../lib/compose/management.ts';
import { openParts, type World } from '../lib/compose/parts.ts';
import { createRegistry } from '../lib/compose/registry.ts';
import { isProxied } from '../lib/domain/service.ts';
import type { HttpHandler } from '../lib/http/chain.ts';
import { createRouter } from '../lib/http/router.ts';
import { Bulkhead, type BulkheadLimits } from '../lib/limits/bulkhead.ts';
import { sourceOf } from '../lib/limits/rate-limiter.ts';
import type { Invoke } from './gateway.ts';
import { FUNCTION_LIMITS } from './limits.ts';
import { steadyClock } from './steady-clock.ts';

export interface LocalFunctions {
  readonly invoke: Invoke;
  readonly handlers: Readonly<Record<FunctionName | 'fallback', HttpHandler>>;
  /** Runs the cleanup until its end. Rejects while the clock is ahead of what it was. */
  cleanUp(): Promise<object>;
  /** Sends the events that wait. */
  sendNotices(): Promise<object>;
}

const CLEANUP_MS = 60_000;
const NOTICES_MS = 5 * 60_000;

/** Makes the functions. Throws ConfigurationError. */
export function createFunctions(world: World, limits: BulkheadLimits = FUNCTION_LIMITS): LocalFunctions {
  const fallback = createFallback(world);
  const cleanUp = createCleanup(world);
  const requireSteadyClock = steadyClock(world.clock);
  const handlers: Record<FunctionName, HttpHandler> = {
    login: createLogin(world),
    management: createManagement(world),
    credentials: createCredentials(world),
    discovery: createDiscovery(world),
    registry: createRegistry(world),
  };
  const proxied = openParts(world, ['services']).config.services.some(isProxied)
    ? [{ handler: handlers.registry, routes: REGISTRY_ROUTES }]
    : [];
  const all = [
    ...Object.entries(handlers).map(([name, handler]) => ({ handler, routes: ROUTES[name as FunctionName] })),
    ...proxied,
  ];
  const served = all.map(({ handler, routes }) => ({
    handler,
    router: createRouter(routes),
    calls: new Bulkhead(limits),
  }));
  return {
    handlers: { ...handlers, fallback },
    invoke(event, context) {
      const found = served.find(({ router }) => router.errorFormatOf(event.rawPath) !== undefined);
      if (found === undefined) return fallback(event, context);
      const { sourceIp } = event.requestContext.http;
      return found.calls.run(sourceOf(sourceIp), () => found.handler(event, context));
    },
    async cleanUp() {
      requireSteadyClock();
      const deadline = world.clock() + CLEANUP_MS;
      const getRemainingTimeInMillis = () => deadline - world.clock();
      return cleanUp(undefined, { awsRequestId: randomUUID(), getRemainingTimeInMillis });
    },
    sendNotices() {
      const deadline = world.clock() + NOTICES_MS;
      const getRemainingTimeInMillis = () => deadline - world.clock();
      return cleanUp({ notices: true }, { awsRequestId: randomUUID(), getRemainingTimeInMillis });
    },
  };
}
