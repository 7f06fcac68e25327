/** Reads the body of a request: bounded, decoded strictly, as its route expects it. */

import { PullpassError } from '../domain/errors.ts';
import { parseStrictJson } from '../domain/strict-json.ts';
import { decodeUtf8, parseForm } from './form.ts';
import type { HttpEvent, Request, Route } from './request.ts';

const MEDIA_TYPES = { json: 'application/json', form: 'application/x-www-form-urlencoded' } as const;

const NO_BODY: Pick<Request, 'json' | 'form'> = { json: undefined, form: new Map() };

/** Reads the body. The media type is compared without its parameters; an empty body needs none. */
export function readBody(route: Route, event: HttpEvent): Pick<Request, 'json' | 'form'> {
  if (route.body === 'none') return NO_BODY;
  const bytes = bodyBytes(event);
  if (bytes.length === 0) return NO_BODY;
  const expected = MEDIA_TYPES[route.body];
  if (mediaTypeOf(event) !== expected) {
    throw new PullpassError('unsupported-media-type', { detail: `The body must be ${expected}.` });
  }
  const text = decodeUtf8(bytes);
  return route.body === 'json'
    ? { ...NO_BODY, json: parseJson(text) }
    : { ...NO_BODY, form: parseForm(text) };
}

function mediaTypeOf(event: HttpEvent): string | undefined {
  const header = Object.entries(event.headers).find(([name]) => name.toLowerCase() === 'content-type')?.[1];
  return header?.split(';', 1)[0]?.trim().toLowerCase();
}

/** Reads a body strictly; what is wrong with it is an `invalid-request`. */
export function parseJson(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (cause) {
    const detail = cause instanceof SyntaxError ? cause.message : 'The body is not valid.';
    throw new PullpassError('invalid-request', { detail, cause });
  }
}

/** Request line and headers together, in bytes: the limit of the HTTP API. */
export const MAX_HEAD_BYTES = 10_000;

export const MAX_BODY_BYTES = 65_536;

/** Throws `headers-too-large` or `payload-too-large`. */
export function checkLimits(event: HttpEvent): void {
  if (headBytes(event) > MAX_HEAD_BYTES) throw new PullpassError('headers-too-large');
  if (bodyBytes(event).length > MAX_BODY_BYTES) throw new PullpassError('payload-too-large');
}

/** The body as the client sent it. */
export function bodyBytes(event: HttpEvent): Buffer {
  return Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
}

function headBytes({ requestContext, rawPath, rawQueryString, headers, cookies }: HttpEvent): number {
  const line =
    requestContext.http.method.length + rawPath.length + rawQueryString.length + ' ? HTTP/1.1\r\n'.length;
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value ?? ''}\r\n`);
  return Buffer.byteLength(fields.join('')) + Buffer.byteLength((cookies ?? []).join('; ')) + line;
}
