/** The limits on the size of a request. */
import { describe, expect, it } from 'vitest';
import { bodyBytes, checkLimits, MAX_BODY_BYTES, MAX_HEAD_BYTES } from '../../lib/http/body.ts';
import type { HttpEvent } from '../../lib/http/request.ts';
import { errorOf } from '../support/errors.ts';
import { eventOf } from '../support/events.ts';

const codeOf = (...sent: Parameters<typeof eventOf>) => errorOf(() => checkLimits(eventOf(...sent))).code;
const body = (length: number) => 'x'.repeat(length);

/** Small headers of so many bytes together. */
function manyHeaders(bytes: number): Record<string, string> {
  return Object.fromEntries(Array.from({ length: bytes / 12 }, (_, i) => [`h${100 + i}`, 'four']));
}

describe('the size of a request', () => {
  it('is limited to 16 000 bytes for request line and headers together, in any part of them', () => {
    const fill: ((bytes: number) => Parameters<typeof eventOf>)[] = [
      bytes => [`GET /${body(bytes)}`],
      bytes => [`GET /?${body(bytes)}`],
      bytes => ['GET /', { headers: { x: body(bytes) } }],
      bytes => ['GET /', { headers: { [body(bytes)]: 'x' } }],
      bytes => ['GET /', { headers: manyHeaders(bytes) }],
      bytes => ['GET /', { headers: { x: 'é'.repeat(bytes / 2) } }],
    ];
    for (const sent of fill) {
      expect(() => checkLimits(eventOf(...sent(MAX_HEAD_BYTES * 0.9)))).not.toThrow();
      expect(codeOf(...sent(MAX_HEAD_BYTES * 1.1))).toBe('headers-too-large');
    }
  });

  it('is counted to the byte as HTTP/1.1 writes it, with headers of no value and cookies', () => {
    const event = (filler: string) => ({
      ...eventOf(`GET /path?query=${filler}`, { headers: { 'x-é': 'ü' } }),
      cookies: ['a=é', 'b'],
    });
    const written = ({ requestContext: { http }, rawPath, rawQueryString, headers, cookies }: HttpEvent) =>
      [
        `${http.method} ${rawPath}?${rawQueryString} HTTP/1.1\r\n`,
        ...Object.entries(headers).map(([name, value]) => `${name}: ${value ?? ''}\r\n`),
        ...(cookies ?? []).map(cookie => `${cookie}; `),
      ].join('');
    const filler = body(MAX_HEAD_BYTES - Buffer.byteLength(written(event(''))));
    expect(() => checkLimits(event(filler))).not.toThrow();
    expect(errorOf(() => checkLimits(event(`${filler}x`))).code).toBe('headers-too-large');
    const withoutValue = { ...event(filler.slice('x: \r\n'.length)) };
    Object.assign(withoutValue.headers, { x: undefined });
    expect(() => checkLimits(withoutValue)).not.toThrow();
  });

  it('counts cookies, which the platform hands over beside the headers', () => {
    const event = { ...eventOf('GET /'), cookies: ['a=1', body(MAX_HEAD_BYTES)] };
    expect(errorOf(() => checkLimits(event)).code).toBe('headers-too-large');
  });

  it.each([
    ['text', (length: number) => body(length)],
    ['text of more bytes than characters', (length: number) => 'é'.repeat(length / 2) + body(length % 2)],
    ['base64', (length: number) => Buffer.alloc(length)],
  ])('is limited to 64 KiB for a body in %s, to the byte', (_, make) => {
    expect(() => checkLimits(eventOf('POST /', { body: make(MAX_BODY_BYTES) }))).not.toThrow();
    expect(codeOf('POST /', { body: make(MAX_BODY_BYTES + 1) })).toBe('payload-too-large');
  });

  it('refuses a body that is announced as too large, though none has come', () => {
    const announced = (length: number) => ({ headers: { 'Content-Length': String(length) } });
    expect(() => checkLimits(eventOf('POST /', announced(MAX_BODY_BYTES)))).not.toThrow();
    expect(codeOf('POST /', announced(MAX_BODY_BYTES + 1))).toBe('payload-too-large');
  });

  it('hands out the bytes that the client sent', () => {
    expect([...bodyBytes(eventOf('POST /', { body: Uint8Array.of(0, 255) }))]).toEqual([0, 255]);
    expect([...bodyBytes(eventOf('POST /', { body: 'é' }))]).toEqual([0xc3, 0xa9]);
    expect(bodyBytes(eventOf('POST /')).length).toBe(0);
  });
});
