/** The answer of every request: the only step that sets headers, and the one place where failures are logged and counted. */
import type { MiddlewareObj, Request as MiddyRequest } from '@middy/core';
import { denialOf, PullpassError } from '../domain/errors.ts';
import type { FailureLimiter } from '../limits/rate-limiter.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';
import { asPullpassError, errorResponse } from './errors.ts';
import type { HttpEvent, Response, Route } from './request.ts';
import type { Router } from './router.ts';

export interface AnswerOptions {
  readonly failures?: FailureLimiter;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

/** A request, and what the chain has learnt of it for the log and the metrics. */
export interface RequestContext {
  readonly event: HttpEvent;
  readonly requestId: string;
  readonly learnt: { route?: Route; userName?: string };
}

export function answer(options: AnswerOptions, router: Router): MiddlewareObj<RequestContext, Response> {
  const { log, metrics } = options;
  const finish = (request: MiddyRequest<RequestContext, Response>, { headers, ...rest }: Response) => {
    const { requestId } = request.event;
    request.response = {
      ...rest,
      headers: { 'cache-control': 'no-store', ...headers, 'x-request-id': requestId },
    };
  };
  return {
    after: request => finish(request, request.response ?? { status: 500 }),
    onError: request => {
      const { event, requestId } = request.event;
      const error = limited(options, asPullpassError(request.error), event);
      logError(log, error, request.event);
      countError(metrics, error);
      finish(request, errorResponse(error, router.errorFormatOf(event.rawPath) ?? 'problem', requestId));
    },
  };
}

/** As the route table has it: the caller's own method and path may be anything, also a secret in the wrong place. */
export function routeFields({ route }: RequestContext['learnt']): { method?: string; route?: string } {
  return route === undefined ? {} : { method: route.method, route: route.path };
}

/** An address with too many bad secrets must wait. A good secret never comes here. */
function limited(
  { failures, clock }: AnswerOptions,
  error: PullpassError,
  { requestContext }: HttpEvent,
): PullpassError {
  if (error.code !== 'unauthenticated') return error;
  const retryAfterSeconds = failures?.fail(requestContext.http.sourceIp, clock());
  if (retryAfterSeconds === undefined) return error;
  const { denial, reason = error.code } = error.details;
  return new PullpassError('rate-limited', {
    retryAfterSeconds,
    reason,
    ...(denial === undefined ? {} : { denial }),
  });
}

/** The reason, for anyone with the request id. The message of a cause may quote an upstream, so it stays in the log. */
function logError(log: Log, error: PullpassError, { requestId, event, learnt }: RequestContext): void {
  const level = error.code === 'internal' || error.code === 'unavailable' ? 'error' : 'info';
  log[level]('refused', {
    requestId,
    code: error.code,
    denial: denialOf(error),
    reason: error.details.reason ?? error.details.detail,
    userName: learnt.userName,
    ...routeFields(learnt),
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
