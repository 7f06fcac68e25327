/** The answer of every request, failures too, in the format of its route; the one place that logs and counts failures. */

import type { MiddlewareObj, Request as MiddyRequest } from '@middy/core';
import { ERRORS, type ErrorCode, nameOfError } from '../domain/error-codes.ts';
import { denialOf, PullpassError, type RefusedLogin } from '../domain/errors.ts';
import type { LoginContext } from '../domain/principal.ts';
import { toRfc3339 } from '../domain/time.ts';
import type { FailureLimiter } from '../limits/rate-limiter.ts';
import type { Clock, Log, Metrics } from '../ports/system.ts';
import type { ProblemDetails, RegistryError } from './error-bodies.ts';
import type { ErrorFormat, HttpEvent, HttpResult, RequestEvent, Response, Route } from './request.ts';
import type { Router } from './router.ts';

export interface AnswerOptions {
  readonly failures?: FailureLimiter;
  /** Stores why a login was refused. Never fails. */
  readonly recordRefusal?: (login: RefusedLogin, request: RefusedRequest) => Promise<void>;
  readonly log: Log;
  readonly metrics: Metrics;
  readonly clock: Clock;
}

interface RefusedRequest {
  readonly service: string;
  /** What the login asks for. */
  readonly repositories: () => readonly string[];
  readonly requestId: string;
  readonly sourceAddress: string;
}

/** A request, and what the chain has learnt of it for the log and the metrics. */
export interface RequestContext {
  readonly event: HttpEvent;
  readonly requestId: string;
  readonly learnt: { route?: Route; userName?: string; login?: LoginContext };
}

export function answer(options: AnswerOptions, router: Router): MiddlewareObj<RequestContext, Response> {
  const { metrics } = options;
  const finish = (request: MiddyRequest<RequestContext, Response>, { headers, ...rest }: Response) => {
    const { requestId } = request.event;
    request.response = {
      ...rest,
      headers: { 'cache-control': 'no-store', ...headers, 'x-request-id': requestId },
    };
  };
  return {
    after: request => finish(request, request.response ?? { status: 500 }),
    onError: async request => {
      const { event, requestId } = request.event;
      const error = limited(options, asPullpassError(request.error), event);
      countError(metrics, error);
      await recordRefusal(options, error, request.event);
      const refused = errorResponse(error, router.errorFormatOf(event.rawPath) ?? 'problem', requestId);
      finish(request, { ...refused, event: refusedEvent(error, request.event.learnt) });
    },
  };
}

/** Where too many failed, nothing is stored: `limited` has left out whose login it was. */
async function recordRefusal(
  options: AnswerOptions,
  { details: { login } }: PullpassError,
  { event, requestId, learnt }: RequestContext,
): Promise<void> {
  if (login === undefined || options.recordRefusal === undefined) return;
  const { service = '' } = learnt.login ?? {};
  const { sourceIp: sourceAddress } = event.requestContext.http;
  await options.recordRefusal(login, {
    requestId,
    sourceAddress,
    service,
    repositories: () => repositoriesOf(learnt.login),
  });
}

function repositoriesOf(login: LoginContext | undefined): readonly string[] {
  try {
    return login?.asked().repositories ?? [];
  } catch {
    // It asks for too much, which a refused caller is not told.
    return [];
  }
}

/** One line for each request: its event, or nothing but its metrics. */
export function logRequest(
  { log, metrics }: Pick<AnswerOptions, 'log' | 'metrics'>,
  { event: { requestContext }, requestId, learnt: { route } }: RequestContext,
  { event }: Response,
): void {
  // As the route table has it: the caller's own method and path may be anything, also a secret in the wrong place.
  const about = route === undefined ? { requestId } : { requestId, method: route.method, route: route.path };
  if (event === undefined) {
    metrics.flush(about);
    return;
  }
  const { sourceIp: sourceAddress } = requestContext.http;
  log[event.level](event.message, { ...about, sourceAddress, ...event.fields }, metrics.take());
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

/** What the operator has to mend. */
const FAILURES: ReadonlySet<ErrorCode> = new Set(['internal', 'unavailable', 'upstream-refused']);

/** The reason, for anyone with the request id. The message of a cause may quote an upstream, so it stays in the log. */
function refusedEvent(error: PullpassError, { userName }: RequestContext['learnt']): RequestEvent {
  const level = FAILURES.has(error.code) ? 'error' : 'info';
  return {
    level,
    message: 'refused',
    fields: {
      code: nameOfError(error.code),
      denial: denialOf(error),
      reason: error.details.reason ?? error.details.detail,
      userName,
      ...(level === 'error' ? { cause: describe(error.cause) } : {}),
    },
  };
}

function countError(metrics: Metrics, error: PullpassError): void {
  const denial = denialOf(error);
  if (denial !== undefined) metrics.denied(denial);
  if (error.code === 'rate-limited') metrics.count('RateLimited');
}

function describe(cause: unknown): string | undefined {
  return cause instanceof Error ? `${cause.name}: ${cause.message}\n${cause.stack ?? ''}` : undefined;
}

/** Writes an answer as the result of a function with payload format 2.0. */
export function encodeResponse({ status, json, text, bytes, stream, headers }: Response): HttpResult {
  if (stream !== undefined) return { statusCode: status, headers: { ...headers }, stream };
  if (bytes !== undefined) {
    const body = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('base64');
    return { statusCode: status, headers: { ...headers }, body, isBase64Encoded: true };
  }
  if (text !== undefined) return { statusCode: status, headers: { ...headers }, body: text };
  if (json === undefined) return { statusCode: status, headers: { ...headers } };
  return {
    statusCode: status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(json),
  };
}

const BASIC = 'Basic realm="pullpass", charset="UTF-8"';

/** When to come again if what does not answer cannot say. */
const RETRY_AFTER_SECONDS = 5;

/** Turns a thrown error into a response. An error that is not ours is `internal`, and its cause is not shown. */
export function errorResponse(
  error: PullpassError,
  format: ErrorFormat | undefined,
  requestId: string,
): Response {
  const { status } = ERRORS[error.code];
  const json = {
    problem: () => problem(error, requestId),
    registry: () => registryEnvelope(error, requestId),
    distribution: () => ({ errors: registryEnvelope(error).errors }),
    unknown: () => ({ ...registryEnvelope(error, requestId), ...problem(error, requestId) }),
  }[format ?? 'unknown']();
  const isProblem = format === 'problem' || format === undefined;
  const contentType = isProblem ? 'application/problem+json' : 'application/json';
  return { status, json, headers: { 'content-type': contentType, ...headersOf(error) } };
}

/** What was thrown, as the error that it is to the caller. */
export function asPullpassError(thrown: unknown): PullpassError {
  return thrown instanceof PullpassError ? thrown : new PullpassError('internal', { cause: thrown });
}

/** RFC 9457. */
function problem({ code, details }: PullpassError, requestId: string): ProblemDetails {
  const { status, title, detail } = ERRORS[code];
  const name = nameOfError(code);
  return {
    type: `urn:pullpass:error:${name}`,
    title,
    status,
    detail: details.detail ?? detail,
    code: name,
    requestId,
    ...(details.problems === undefined ? {} : { errors: details.problems }),
    ...(details.id === undefined ? {} : { id: details.id }),
    ...(details.at === undefined ? {} : { at: toRfc3339(details.at) }),
  };
}

/**
 * A login has one body for every client at once: docker reads `details`, containerd `errors` and then `details`, crane and oras
 * `errors` (distribution `registry/api/errcode/errors.go`), OAuth libraries `error` (RFC 6749 section 5.2). A
 * registry may not have `details`: docker and skopeo then take its code for UNKNOWN, and try again for a minute.
 */
function registryEnvelope({ code, details }: PullpassError, requestId?: string): RegistryError {
  const { registryCode, oauthError, detail } = ERRORS[code];
  // Every login that fails reads the same: the answer must not tell what was wrong with its credentials.
  const text = code === 'unauthenticated' ? detail : (details.detail ?? detail);
  // People have nothing but what their client prints, and an administrator can ask for the reason by the id.
  const isQuoted = requestId !== undefined && QUOTED.has(ERRORS[code].status);
  const message = isQuoted ? `${text} Request id: ${requestId}` : text;
  return {
    errors: [{ code: registryCode, message }],
    details: message,
    error: oauthError,
    error_description: message,
  };
}

/** Where what went wrong is in the log alone. */
const QUOTED: ReadonlySet<number> = new Set([401, 403, 429, 500, 503]);

function headersOf({ code, details }: PullpassError): Record<string, string> {
  const retryAfter = details.retryAfterSeconds ?? (code === 'unavailable' ? RETRY_AFTER_SECONDS : undefined);
  return {
    ...(ERRORS[code].status === 401 ? { 'www-authenticate': details.challenge ?? BASIC } : {}),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    ...(details.allow === undefined ? {} : { allow: details.allow.join(', ') }),
  };
}
