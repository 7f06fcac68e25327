/** The routes of the HTTP API, from the one table of routes, and how often each may be asked. */
import { type FunctionName, ROUTES } from '../lib/api/routes.ts';

/** A function that the HTTP API calls. */
export type HttpFunction = FunctionName | 'fallback';

export interface Throttle {
  /** Requests per second. */
  readonly rate: number;
  /** Requests that may come at once. */
  readonly burst: number;
}

/**
 * For each route of a function; requests beyond are 429 by the platform. The sum stays below the 10 000 a second that an
 * account has in a region, so no flood on one route takes from another. A thousand agents that log in at once, docker
 * with its first attempt by POST and its second by GET, stay within the burst.
 */
const THROTTLES: Readonly<Record<HttpFunction, Throttle>> = {
  login: { rate: 1500, burst: 2500 },
  credentials: { rate: 200, burst: 400 },
  management: { rate: 50, burst: 100 },
  discovery: { rate: 100, burst: 200 },
  fallback: { rate: 20, burst: 50 },
};

/** A route that costs what a login costs, and that only monitors ask. */
const RARE: Readonly<Record<string, Throttle>> = { 'GET /health': { rate: 10, burst: 20 } };

/** The events of a function, as osls has them. */
export function eventsOf(name: HttpFunction): object[] {
  if (name === 'fallback') return [{ httpApi: '*' }];
  return ROUTES[name].map(({ method, path }) => ({ httpApi: `${method} ${path}` }));
}

/** The settings of the stage: one line for each route, and those of `$default` for what has none. */
export function routeSettings(): object {
  const lines = Object.entries(ROUTES).flatMap(([name, routes]) =>
    routes.map(({ method, path }) => {
      const key = `${method} ${path}`;
      return [key, settings(RARE[key] ?? THROTTLES[name as FunctionName])];
    }),
  );
  return { DefaultRouteSettings: settings(THROTTLES.fallback), RouteSettings: Object.fromEntries(lines) };
}

function settings({ rate, burst }: Throttle): object {
  return { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
}
