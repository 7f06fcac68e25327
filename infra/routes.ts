/** The routes of the HTTP API, from the table of routes, and their throttles. */
import { type FunctionName, REGISTRY_ROUTES, ROUTES } from '../lib/api/routes.ts';
import type { Route } from '../lib/http/request.ts';

/** A function that the HTTP API calls. */
export type HttpFunction = FunctionName | 'fallback' | 'registry';

export interface Throttle {
  /** Requests per second. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
}

/**
 * For each route of a function; API Gateway answers 429 beyond. All rates together stay below the account's 10 000 a second
 * in a region, so a flood on one route takes nothing from another. The login burst fits a thousand agents at once, each
 * with docker's two attempts, by POST and by GET.
 */
const THROTTLES: Readonly<Record<HttpFunction, Throttle>> = {
  login: { rate: 1500, burst: 2500 },
  credentials: { rate: 200, burst: 400 },
  management: { rate: 50, burst: 100 },
  discovery: { rate: 100, burst: 200 },
  // A pull of ten layers is fourteen requests, most of them at once.
  registry: { rate: 1500, burst: 3000 },
  fallback: { rate: 20, burst: 50 },
};

const EXCEPTIONS: Readonly<Record<string, Throttle>> = {
  // Health checks cost as much as a login, and only monitors ask for them.
  'GET /health': { rate: 10, burst: 20 },
  // A scanner that finds leaked secrets ends many at once; what is no secret of ours is refused before any read.
  'POST /oauth/revoke': { rate: 200, burst: 400 },
  // One before each login.
  'ANY /v2/': { rate: 200, burst: 400 },
};

const SERVED: Readonly<Record<Exclude<HttpFunction, 'fallback'>, readonly Route[]>> = {
  ...ROUTES,
  registry: REGISTRY_ROUTES,
};

/** The events of a function, in the form of osls. */
export function eventsOf(name: HttpFunction): object[] {
  if (name === 'fallback') return [{ httpApi: '*' }];
  return SERVED[name].map(({ method, path }) => ({ httpApi: `${method} ${path}` }));
}

/** The settings of the stage: one entry for each route of these functions, and defaults for every other path. */
export function routeSettings(functions: readonly string[]): object {
  const served = Object.entries(SERVED).filter(([name]) => functions.includes(name));
  const lines = served.flatMap(([name, routes]) =>
    routes.map(({ method, path }) => {
      const key = `${method} ${path}`;
      return [key, settings(EXCEPTIONS[key] ?? THROTTLES[name as HttpFunction])];
    }),
  );
  return { DefaultRouteSettings: settings(THROTTLES.fallback), RouteSettings: Object.fromEntries(lines) };
}

function settings({ rate, burst }: Throttle): object {
  return { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
}
