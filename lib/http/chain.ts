/** The one chain of every HTTP function: limits, route, ready, authenticate, parse, dispatch, answer. */
import middy from '@middy/core';
import type { Context } from 'aws-lambda';
import type { Holder } from '../domain/holder.ts';
import type { Credentials, IdentityPrincipal, LoginContext, Principal } from '../domain/principal.ts';
import { type AnswerOptions, answer, encodeResponse, logRequest, type RequestContext } from './answer.ts';
import { checkLimits, readBody } from './body.ts';
import {
  holderCredentials,
  loginCredentials,
  managementCredentials,
  vendingCredentials,
} from './credentials.ts';
import { readEvent, refuseEvent } from './event.ts';
import { parseForm } from './form.ts';
import type {
  Authentication,
  HandlerOf,
  HandlersOf,
  HttpEvent,
  HttpResult,
  Request,
  RequestHead,
  Response,
  Route,
} from './request.ts';
import { checkQuery, createRouter, type Router } from './router.ts';

/** Each throws `unauthenticated`, `forbidden` or `unavailable`. One that is absent denies: no route of the function needs it. */
export interface Authenticators {
  readonly login?: (credentials: Credentials, context: LoginContext) => Promise<Principal>;
  readonly vend?: (credentials: Credentials) => Promise<Principal>;
  readonly holder?: (credentials: Credentials) => Promise<Holder>;
  readonly manage?: (
    credentials: Credentials,
    required: Exclude<Authentication, 'holder' | 'login' | 'notifications' | 'public' | 'pull' | 'vend'>,
  ) => Promise<IdentityPrincipal>;
}

export interface ChainOptions<Routes extends readonly Route[] = readonly Route[]> extends AnswerOptions {
  readonly routes: Routes;
  readonly handlers: HandlersOf<Routes>;
  readonly authenticate: Authenticators;
  /** Throws when the function must not serve. Absent where nothing that is read can be out of date. */
  readonly ready?: () => Promise<void>;
}

export type HttpHandler = (event: HttpEvent, context: Context) => Promise<HttpResult>;

/** The handler that a function exports, and nothing else. */
export function httpHandler<const Routes extends readonly Route[]>(
  options: ChainOptions<Routes>,
): HttpHandler {
  const { clock, metrics, ready, routes, handlers, authenticate } = options;
  const router = createRouter(routes);
  const chain = middy<RequestContext, Response>({ timeoutEarlyInMillis: 0 })
    .use(answer(options, router))
    .handler(async ({ event, learnt }) => {
      checkLimits(event);
      const head = headOf(event, router);
      learnt.route = head.route;
      await ready?.();
      const call = await authenticated({ event, head, learnt }, authenticate, handlers);
      return call();
    });
  return async (received, lambda) => {
    const event = readEvent(received);
    if (typeof event === 'string') return refuseEvent(event, lambda.awsRequestId, options.log);
    const startMs = clock();
    const { requestId } = event.requestContext;
    const context: RequestContext = { event, requestId, learnt: {} };
    const response = await chain(context, lambda);
    const result = encodeResponse(response);
    metrics.observe('LatencyMs', clock() - startMs);
    logRequest(options, context, response);
    return result;
  };
}

function headOf(event: HttpEvent, router: Router): RequestHead {
  const { http, requestId } = event.requestContext;
  const { route, params } = router.match(http.method, event.rawPath);
  return { route, params, requestId, headers: headersOf(event), sourceAddress: http.sourceIp };
}

function parse({ event, head }: Arrival): Request {
  const query = parseForm(event.rawQueryString);
  checkQuery(head.route, query);
  return { ...head, query, ...readBody(head.route, event) };
}

function headersOf({ headers }: HttpEvent): Record<string, string> {
  const lower: Record<string, string> = {};
  for (const name in headers) {
    // As a name of ours it would be another prototype.
    if (name !== '__proto__') lower[name.toLowerCase()] = headers[name] ?? '';
  }
  return lower;
}

interface Arrival {
  readonly event: HttpEvent;
  readonly head: RequestHead;
  readonly learnt: RequestContext['learnt'];
}

/**
 * The call of the route's handler, with the request as its authentication makes it. Where the secret is in the head, the
 * query and the body are not parsed before it is verified: parsing is work that a stranger could ask for.
 */
async function authenticated(
  arrival: Arrival,
  authenticate: Authenticators,
  handlers: HandlersOf<readonly Route[]>,
): Promise<() => Promise<Response>> {
  const { head, learnt } = arrival;
  const endpoint = endpointOf(head.route, handlers);
  const read = (credentials: Credentials) => {
    learnt.userName = credentials.userName;
    return { ...credentials, sourceAddress: head.sourceAddress, client: head.headers['user-agent'] };
  };
  switch (endpoint.authentication) {
    case 'public':
      return async () => endpoint.handle(parse(arrival));
    case 'pull': {
      const { rawPath, rawQueryString, requestContext } = arrival.event;
      const { method } = requestContext.http;
      return async () => endpoint.handle({ ...head, method, rawPath, rawQueryString });
    }
    case 'notifications': {
      const answer = await endpoint.handle(head);
      return async () => answer(parse(arrival));
    }
    case 'login': {
      const request = parse(arrival);
      const credentials = read(loginCredentials(request));
      const { context, answer } = endpoint.handle(request);
      learnt.login = context;
      const principal = await provided(authenticate.login)(credentials, context);
      return () => answer(principal);
    }
    case 'vend': {
      const principal = await provided(authenticate.vend)(read(vendingCredentials(head)));
      return async () => endpoint.handle({ ...parse(arrival), principal });
    }
    case 'holder': {
      const holder = await provided(authenticate.holder)(read(holderCredentials(head)));
      return async () => endpoint.handle({ ...parse(arrival), holder });
    }
    default: {
      const credentials = read(managementCredentials(head));
      const principal = await provided(authenticate.manage)(credentials, endpoint.authentication);
      return async () => endpoint.handle({ ...parse(arrival), principal });
    }
  }
}

type Endpoint = {
  [A in Authentication]: { readonly authentication: A; readonly handle: HandlerOf[A] };
}[Authentication];

/** `HandlersOf` holds at compile time that each handler fits its route. */
function endpointOf({ authentication, operation }: Route, handlers: HandlersOf<readonly Route[]>): Endpoint {
  const handle = handlers[operation];
  if (handle === undefined) throw new Error(`no handler for ${operation}`);
  return { authentication, handle } as Endpoint;
}

function provided<T>(authenticator: T | undefined): T {
  if (authenticator === undefined) throw new Error('a route of this function cannot authenticate callers');
  return authenticator;
}
