/** The body of a request, read as its route wants it. */
import { PullpassError } from '../domain/errors.ts';
import type { HttpEvent, Request, Route } from './exchange.ts';
import { parseForm } from './form.ts';
import { parseJson } from './json.ts';
import { bodyBytes } from './limits.ts';
import { decodeUtf8 } from './utf8.ts';

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
