/** The one middleware chain, outermost first: answer, failures, limits, parse, ready, proof, identity. */
import middy, { type MiddlewareObj, type Request as MiddyRequest } from '@middy/core';
import type { Context } from 'aws-lambda';
import { denialOf, PullpassError } from '../domain/errors.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';
import type { Authenticate } from './authenticate.ts';
import { checkLimits, readBody } from './body.ts';
import { loginCredentials, managementCredentials, vendingCredentials } from './credentials.ts';
import { asPullpassError, encodeResponse, errorResponse } from './errors.ts';
import type { FailureLimiter } from './failure-limiter.ts';
import { parseForm } from './form.ts';
import type { Credentials, Handlers, HttpEvent, HttpResult, Request, Response, Route } from './request.ts';
import { createRouter, type Router } from './router.ts';

export interface ChainOptions {
  readonly routes: readonly Route[];
  readonly operations: Handlers;
  /** Absent where all routes are public; a guarded route then denies. */
  readonly identify?: Authenticate;
  /** Throws when the function must not serve. Absent where nothing is read that could be out of date. */
  readonly ready?: () => Promise<void>;
  readonly failures?: FailureLimiter;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResult>;

/** What the phases share about one request. */
interface Exchange {
  readonly event: HttpEvent;
  readonly requestId: string;
  call: Request | undefined;
  /** What the caller said the proof is, once it was read. */
  userName: Credentials['kind'] | undefined;
}

type Phase = MiddlewareObj<Exchange, Response>;
type Passing = MiddyRequest<Exchange, Response>;

const NOBODY: Credentials = { kind: 'anonymous' };

/** Wraps the operations of one function. What this returns is what a function exports, and nothing else. */
export function httpHandler(options: ChainOptions): HttpHandler {
  const router = createRouter(options.routes);
  const chain = middy<Exchange, Response>({ timeoutEarlyInMillis: 0 })
    .use([answer(options, router), failures(options), limits(), parse(router), ready(options)])
    .use([proof(), identity(options)])
    .handler(exchange => dispatch(callOf(exchange), options.operations));
  return async (event, context) => {
    const startMs = options.clock();
    const { requestId } = event.requestContext;
    const exchange: Exchange = { event, requestId, call: undefined, userName: undefined };
    const result = encodeResponse(await chain(exchange, context));
    options.metrics.observe('LatencyMs', options.clock() - startMs);
    options.metrics.flush({ requestId, ...routeOf(exchange) });
    return result;
  };
}

/** Of the route table: the caller's own method and path may be anything, also a secret in the wrong place. */
function routeOf({ call }: Exchange): { method?: string; route?: string } {
  return call === undefined ? {} : { method: call.route.method, route: call.route.path };
}

async function dispatch(call: Request, operations: Handlers): Promise<Response> {
  const operation = operations[call.route.operation];
  if (operation === undefined) throw new Error(`no operation ${call.route.operation}`);
  return operation(call);
}

/** Only this phase sets headers, so that no way out of the chain can miss them. */
function answer({ log, metrics }: ChainOptions, router: Router): Phase {
  const finish = (request: Passing, plain: Response) => {
    const headers = {
      'cache-control': 'no-store',
      ...plain.headers,
      'x-request-id': request.event.requestId,
    };
    request.response = { ...plain, headers };
  };
  return {
    after: request => finish(request, request.response ?? { status: 500 }),
    onError: request => {
      const { event, requestId } = request.event;
      const error = asPullpassError(request.error);
      logError(log, error, request.event);
      countError(metrics, error);
      finish(request, errorResponse(error, router.errorFormatOf(event.rawPath), requestId));
    },
  };
}

/** Why, for whoever has the request id. The message of a cause may quote an upstream, so it stays in the log. */
function logError(log: Log, error: PullpassError, exchange: Exchange): void {
  const { requestId, event, userName } = exchange;
  const level = error.code === 'internal' || error.code === 'unavailable' ? 'error' : 'info';
  log[level]('refused', {
    requestId,
    code: error.code,
    denial: denialOf(error),
    reason: error.details.reason ?? error.details.detail,
    userName,
    ...routeOf(exchange),
    sourceAddress: event.requestContext.http.sourceIp,
    ...(level === 'error' ? { cause: describe(error.cause) } : {}),
  });
}

function countError(metrics: Metrics, error: PullpassError): void {
  const denial = denialOf(error);
  if (denial !== undefined) metrics.denied(denial);
  if (error.code === 'rate-limited') metrics.count('RateLimited');
}

function describe(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}\n${cause.stack ?? ''}` : undefined;
}

/** Too many bad secrets from one address are told to wait. A good secret never comes here. */
function failures({ failures: limiter, clock }: ChainOptions): Phase {
  return {
    onError: request => {
      const error = asPullpassError(request.error);
      if (error.code !== 'unauthenticated') return;
      const wait = limiter?.(request.event.event.requestContext.http.sourceIp, clock());
      if (wait === undefined) return;
      const { denial, reason = error.code } = error.details;
      request.error = new PullpassError('rate-limited', {
        retryAfterSeconds: wait,
        reason,
        ...(denial === undefined ? {} : { denial }),
      });
    },
  };
}

function limits(): Phase {
  return { before: ({ event: { event } }) => checkLimits(event) };
}

function parse(router: Router): Phase {
  return {
    before: ({ event: exchange }) => {
      const { event, requestId } = exchange;
      const { route, params } = router.match(event.requestContext.http.method, event.rawPath);
      exchange.call = {
        route,
        params,
        requestId,
        query: parseForm(event.rawQueryString),
        ...readBody(route, event),
        headers: headersOf(event),
        sourceAddress: event.requestContext.http.sourceIp,
        presented: NOBODY,
        recognised: undefined,
      };
    },
  };
}

function headersOf(event: HttpEvent): Record<string, string> {
  return Object.fromEntries(
    Object.entries(event.headers).map(([name, value]) => [name.toLowerCase(), value ?? '']),
  );
}

function ready({ ready: isReady }: ChainOptions): Phase {
  return { before: async () => isReady?.() };
}

function proof(): Phase {
  const management = ({ headers }: Request) => managementCredentials(headers.authorization);
  const readers: Record<Route['authentication'], (call: Request) => Credentials> = {
    administrator: management,
    'strong-administrator': management,
    identity: management,
    login: loginCredentials,
    vend: ({ headers }) => vendingCredentials(headers.authorization),
    public: () => NOBODY,
  };
  return {
    before: ({ event: exchange }) => {
      const call = callOf(exchange);
      const presented = readers[call.route.authentication](call);
      exchange.call = { ...call, presented };
      exchange.userName = presented.kind;
    },
  };
}

function identity({ identify }: ChainOptions): Phase {
  return {
    before: async ({ event: exchange }) => {
      const call = callOf(exchange);
      if (call.route.authentication === 'public') return;
      if (identify === undefined) throw new Error('a guarded route in a function that cannot identify');
      exchange.call = { ...call, recognised: await identify(call.presented, call.route.authentication) };
    },
  };
}

function callOf({ call }: Exchange): Request {
  if (call === undefined) throw new Error('the chain has not parsed the request');
  return call;
}
