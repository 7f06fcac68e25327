/** How large a request may be. The local gateway enforces the same figures while it reads. */
import { PullpassError } from '../domain/errors.ts';
import type { HttpEvent } from './exchange.ts';

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
