/** The deployed functions, loaded into this process, and which of them serves a path. */
import { randomUUID } from 'node:crypto';
import { type FunctionName, ROUTES } from '../lib/api/routes.ts';
import type { HttpHandler } from '../lib/http/chain.ts';
import { createRouter } from '../lib/http/router.ts';
import type { Invoke } from './gateway.ts';

export interface LocalFunctions {
  readonly invoke: Invoke;
  /** Runs the cleanup until its end. */
  cleanUp(): Promise<object>;
}

const CLEANUP_MS = 60_000;

/** Loads the functions. They read their configuration now, so the environment must be complete. */
export async function loadFunctions(): Promise<LocalFunctions> {
  const [login, management, credentials, discovery, fallback, cleanup] = await Promise.all([
    import('../functions/login.ts'),
    import('../functions/management.ts'),
    import('../functions/credentials.ts'),
    import('../functions/discovery.ts'),
    import('../functions/fallback.ts'),
    import('../functions/cleanup.ts'),
  ]);
  const handlers: Record<FunctionName, HttpHandler> = {
    login: login.handler,
    management: management.handler,
    credentials: credentials.handler,
    discovery: discovery.handler,
  };
  const served = Object.entries(handlers).map(([name, handler]) => ({
    handler,
    router: createRouter(ROUTES[name as FunctionName]),
  }));
  return {
    invoke(event, context) {
      const found = served.find(({ router }) => router.errorFormatOf(event.rawPath) !== undefined);
      return (found?.handler ?? fallback.handler)(event, context);
    },
    cleanUp() {
      const deadline = Date.now() + CLEANUP_MS;
      const getRemainingTimeInMillis = () => deadline - Date.now();
      return cleanup.handler(undefined, { awsRequestId: randomUUID(), getRemainingTimeInMillis });
    },
  };
}
