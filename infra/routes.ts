/** The routes of the HTTP API, from the table of routes, and their throttles. */
import { type FunctionName, REGISTRY_ROUTES, ROUTES } from '../lib/api/routes.ts';
import type { Route } from '../lib/http/request.ts';

/** A function that the HTTP API calls. */
export type HttpFunction = FunctionName | 'fallback';

export interface Throttle {
  /** Requests per second. */
  readonly rate: number;
  /** Requests at once. */
  readonly burst: number;
}

/** The functions whose routes have throttles of their own. */
type Throttled = Exclude<HttpFunction, 'fallback'>;

/** The parameters of the throttles. */
export type Throttles = { readonly [P in `${Throttled}${'Burst' | 'Rate'}`]: number };

/** Of every path that is no route. */
const FALLBACK: Throttle = { rate: 20, burst: 50 };

const EXCEPTIONS: Readonly<Record<string, Throttle>> = {
  // Health checks cost as much as a login, and only monitors ask for them.
  'GET /health': { rate: 10, burst: 20 },
  // A scanner that finds leaked secrets ends many at once; what is no secret of ours is refused before any read.
  'POST /oauth/revoke': { rate: 200, burst: 400 },
  // One before each login.
  'ANY /v2/': { rate: 200, burst: 400 },
  // A few for each pull at the registries that report; what is throttled they send again.
  'POST /v1/services/{service}/events': { rate: 200, burst: 400 },
};

const SERVED: Readonly<Record<Throttled, readonly Route[]>> = {
  ...ROUTES,
  registry: [...ROUTES.registry, ...REGISTRY_ROUTES],
};

/** The events of a function, in the form of osls. */
export function eventsOf(name: HttpFunction): object[] {
  if (name === 'fallback') return [{ httpApi: '*' }];
  return SERVED[name].map(({ method, path }) => ({ httpApi: `${method} ${path}` }));
}

/** The settings of the stage: one entry for each route of these functions, and defaults for every other path; API Gateway answers 429 beyond. */
export function routeSettings(functions: readonly string[], throttles: Throttles): object {
  const lines = limitsOf(functions, throttles).map(([key, limit]) => [key, settings(limit)]);
  return { DefaultRouteSettings: settings(FALLBACK), RouteSettings: Object.fromEntries(lines) };
}

/** Requests a second of all routes together: while they are within the account's, a flood on one takes nothing from another. */
export function rateSum(functions: readonly string[], throttles: Throttles): number {
  return limitsOf(functions, throttles).reduce((sum, [, { rate }]) => sum + rate, FALLBACK.rate);
}

function limitsOf(functions: readonly string[], throttles: Throttles): [route: string, limit: Throttle][] {
  const served = Object.entries(SERVED).filter(([name]) => functions.includes(name));
  return served.flatMap(([name, routes]) =>
    routes.map(({ method, path }): [string, Throttle] => {
      const key = `${method} ${path}`;
      const of = name as Throttled;
      return [key, EXCEPTIONS[key] ?? { rate: throttles[`${of}Rate`], burst: throttles[`${of}Burst`] }];
    }),
  );
}

function settings({ rate, burst }: Throttle): object {
  return { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst };
}
