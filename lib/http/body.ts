/** Reads the body of a request: bounded, decoded strictly, as its route expects it. */

import { PullpassError } from '../domain/errors.ts';
import { parseStrictJson } from '../domain/strict-json.ts';
import { decodeUtf8, parseForm } from './form.ts';
import type { HttpEvent, Request, Route } from './request.ts';

/** The first is what an error names. Those of distribution 3 and 2 have the members that are read here in common. */
const MEDIA_TYPES: Readonly<Record<Exclude<Route['body'], 'none'>, readonly [string, ...string[]]>> = {
  json: ['application/json'],
  form: ['application/x-www-form-urlencoded'],
  events: [
    'application/vnd.docker.distribution.events.v2+json',
    'application/vnd.docker.distribution.events.v1+json',
  ],
};

const NO_BODY: Pick<Request, 'json' | 'form'> = { json: undefined, form: new Map() };

/** Reads the body. The media type is compared without its parameters; an empty body needs none. */
export function readBody(route: Route, event: HttpEvent): Pick<Request, 'json' | 'form'> {
  if (route.body === 'none') return NO_BODY;
  const bytes = bodyBytes(event);
  if (bytes.length === 0) return NO_BODY;
  const expected = MEDIA_TYPES[route.body];
  if (!expected.includes(mediaTypeOf(event) ?? '')) {
    throw new PullpassError('unsupported-media-type', { detail: `The body must be ${expected[0]}.` });
  }
  if (route.body === 'form') return { ...NO_BODY, form: parseForm(bytes) };
  const maxParts = route.body === 'events' ? MAX_EVENT_PARTS : MAX_JSON_PARTS;
  return { ...NO_BODY, json: parseJson(decodeUtf8(bytes), maxParts) };
}

function mediaTypeOf(event: HttpEvent): string | undefined {
  return headerOf(event, 'content-type')?.split(';', 1)[0]?.trim().toLowerCase();
}

function headerOf({ headers }: HttpEvent, name: string): string | undefined {
  return Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1];
}

/** Far more than the largest request has. */
const MAX_JSON_PARTS = 1_000;
/** A registry sends what it could not send before again and again: it is refused nothing that its software may write. */
const MAX_EVENT_PARTS = 10_000;

/** Reads a body strictly; what is wrong with it is an `invalid-request`. */
export function parseJson(text: string, maxParts = MAX_JSON_PARTS): unknown {
  try {
    return parseStrictJson(text, { maxParts });
  } catch (cause) {
    const detail = cause instanceof SyntaxError ? cause.message : 'The body is not valid.';
    throw new PullpassError('invalid-request', { detail, cause });
  }
}

/** Request line and headers together: a hundred scopes in a query. The HTTP API refuses more than 10 240 bytes by itself. */
export const MAX_HEAD_BYTES = 16_000;

export const MAX_BODY_BYTES = 65_536;

/** Throws `headers-too-large` or `payload-too-large`. Nothing is decoded or copied, and what is announced need not come. */
export function checkLimits(event: HttpEvent): void {
  if (headBytes(event) > MAX_HEAD_BYTES) throw new PullpassError('headers-too-large');
  if (Math.max(bodyLength(event), announcedLength(event)) > MAX_BODY_BYTES) {
    throw new PullpassError('payload-too-large');
  }
}

/** The body as the client sent it. */
export function bodyBytes(event: HttpEvent): Buffer {
  return Buffer.from(event.body ?? '', encodingOf(event));
}

/** Exact for text and for base64 as the platforms write it. */
function bodyLength(event: HttpEvent): number {
  return Buffer.byteLength(event.body ?? '', encodingOf(event));
}

/** A platform may answer by the head alone, before it reads the body. */
function announcedLength(event: HttpEvent): number {
  return Number(headerOf(event, 'content-length') ?? 0);
}

function encodingOf({ isBase64Encoded }: HttpEvent): 'base64' | 'utf8' {
  return isBase64Encoded ? 'base64' : 'utf8';
}

function headBytes({ requestContext, rawPath, rawQueryString, headers, cookies }: HttpEvent): number {
  let bytes =
    requestContext.http.method.length + rawPath.length + rawQueryString.length + ' ? HTTP/1.1\r\n'.length;
  for (const name in headers) {
    bytes += Buffer.byteLength(name) + Buffer.byteLength(headers[name] ?? '') + ': \r\n'.length;
  }
  for (const cookie of cookies ?? []) bytes += Buffer.byteLength(cookie) + '; '.length;
  return bytes;
}
