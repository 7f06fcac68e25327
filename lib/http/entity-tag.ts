/** Documents that a client may have already: their entity tags, and the answer that says that nothing has changed (RFC 9110, 8.8.3 and 13.1.2). */
import { createHash } from 'node:crypto';
import type { RequestHead, Response } from './request.ts';

/** A document as it is sent, whole or not. */
export interface Tagged extends Response {
  readonly text: string;
  readonly headers: Readonly<Record<string, string>> & { readonly etag: string };
}

/** Half of a SHA-256 tells documents of one deployment apart. */
const TAG_BYTES = 16;

export function tagged(text: string, headers: Readonly<Record<string, string>>): Tagged {
  const tag = createHash('sha256').update(text).digest().subarray(0, TAG_BYTES).toString('base64url');
  return { status: 200, text, headers: { ...headers, etag: `"${tag}"` } };
}

/** The document, or 304 without it for who names its tag. */
export function unlessKnown({ headers }: Pick<RequestHead, 'headers'>, document: Tagged): Response {
  if (!isNamed(headers['if-none-match'] ?? '', document.headers.etag)) return document;
  const { 'content-type': _, ...about } = document.headers;
  return { status: 304, headers: about };
}

/** By weak comparison: a proxy that compresses makes tags weak. */
function isNamed(names: string, tag: string): boolean {
  return names.trim() === '*' || [...names.matchAll(/(?:W\/)?("[^"]*")/g)].some(([, name]) => name === tag);
}
