/** Writes responses, and errors in two formats: problem details for management, the registry envelope for registry clients. */

import { ERRORS } from '../domain/error-codes.ts';
import { PullpassError } from '../domain/errors.ts';
import type { ProblemDetails, RegistryError } from './error-bodies.ts';
import type { ErrorFormat, HttpResult, Response } from './request.ts';

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
    registry: () => registryEnvelope(error),
    unknown: () => ({ ...registryEnvelope(error), ...problem(error, requestId) }),
  }[format ?? 'unknown']();
  const contentType = format === 'registry' ? 'application/json' : 'application/problem+json';
  return { status, json, headers: { 'content-type': contentType, ...headersOf(error) } };
}

/** What was thrown, as the error that it is to the caller. */
export function asPullpassError(thrown: unknown): PullpassError {
  return thrown instanceof PullpassError ? thrown : new PullpassError('internal', { cause: thrown });
}

/** RFC 9457. */
function problem({ code, details }: PullpassError, requestId: string): ProblemDetails {
  const { status, title, detail } = ERRORS[code];
  return {
    type: `urn:pullpass:error:${code}`,
    title,
    status,
    detail: details.detail ?? detail,
    code,
    requestId,
    ...(details.problems === undefined ? {} : { errors: details.problems }),
    ...(details.id === undefined ? {} : { id: details.id }),
  };
}

/**
 * One body for every client at once: docker reads `details`, containerd `errors` and then `details`, crane and oras
 * `errors` (distribution `registry/api/errcode/errors.go`), OAuth libraries `error` (RFC 6749 section 5.2).
 */
function registryEnvelope({ code, details }: PullpassError): RegistryError {
  const { registryCode, oauthError, detail } = ERRORS[code];
  // Every login that fails reads the same: the answer must not tell what was wrong with its credentials.
  const message = code === 'unauthenticated' ? detail : (details.detail ?? detail);
  return {
    errors: [{ code: registryCode, message }],
    details: message,
    error: oauthError,
    error_description: message,
  };
}

function headersOf({ code, details }: PullpassError): Record<string, string> {
  const retryAfter = details.retryAfterSeconds ?? (code === 'unavailable' ? RETRY_AFTER_SECONDS : undefined);
  return {
    ...(ERRORS[code].status === 401 ? { 'www-authenticate': details.challenge ?? BASIC } : {}),
    ...(retryAfter === undefined ? {} : { 'retry-after': String(Math.max(1, Math.ceil(retryAfter))) }),
    ...(details.allow === undefined ? {} : { allow: details.allow.join(', ') }),
  };
}
