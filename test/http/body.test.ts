/** Reading the body of a request: media types, base64 and forms. */
import { describe, expect, it } from 'vitest';
import { readBody } from '../../lib/http/body.ts';
import type { Route } from '../../lib/http/request.ts';
import { errorOf } from '../support/errors.ts';
import { eventOf } from '../support/events.ts';

const routeOf = (body: Route['body']): Route => ({
  method: 'POST',
  path: '/x',
  operation: 'x',
  authentication: 'public',
  errors: 'problem',
  body,
});
const read = (body: Route['body'], contentType: string | undefined, text: string | Uint8Array) => {
  const headers: Record<string, string> = contentType === undefined ? {} : { 'Content-Type': contentType };
  return readBody(routeOf(body), eventOf('POST /x', { headers, body: text }));
};

describe('a body', () => {
  it.each([
    'application/json',
    'application/json; charset=utf-8',
    'APPLICATION/JSON;charset="a,b"',
    ' application/json ;',
  ])('of media type "%s" is JSON', contentType => {
    expect(read('json', contentType, '{"a":1}').json).toEqual({ a: 1 });
  });

  it('in base64 is decoded', () => {
    expect(read('json', 'application/json', Buffer.from('{"a":"é"}')).json).toEqual({ a: 'é' });
  });

  it('of a form is read as one', () => {
    const { form, json } = read('form', 'application/x-www-form-urlencoded; charset=UTF-8', 'a=1&a=2');
    expect([[...form], json]).toEqual([[['a', ['1', '2']]], undefined]);
  });

  it('that is empty needs no media type', () => {
    expect([read('json', undefined, '').json, read('form', 'text/plain', '').form.size]).toEqual([
      undefined,
      0,
    ]);
  });

  it('is not looked at where the route takes none', () => {
    expect(read('none', 'text/plain', '{').json).toBeUndefined();
  });

  it.each<[string, Route['body'], string | undefined]>([
    ['no media type', 'json', undefined],
    ['an empty media type', 'json', ''],
    ['text', 'json', 'text/plain'],
    ['a longer media type', 'json', 'application/json-patch+json'],
    ['a relative of JSON', 'json', 'application/problem+json'],
    ['two media types', 'json', 'application/json, text/plain'],
    ['a form where JSON is wanted', 'json', 'application/x-www-form-urlencoded'],
    ['JSON where a form is wanted', 'form', 'application/json'],
    ['a form in parts', 'form', 'multipart/form-data; boundary=x'],
  ])('with %s is refused', (_, body, contentType) => {
    const { code, details } = errorOf(() => read(body, contentType, '{}'));
    const expected = body === 'json' ? 'application/json' : 'application/x-www-form-urlencoded';
    expect([code, details.detail]).toEqual(['unsupported-media-type', `The body must be ${expected}.`]);
  });

  it.each<['json' | 'form', string]>([
    ['json', 'application/json'],
    ['form', 'application/x-www-form-urlencoded'],
  ])('as %s must be UTF-8', (body, contentType) => {
    expect(errorOf(() => read(body, contentType, Uint8Array.of(0x22, 0xff, 0x22))).code).toBe(
      'invalid-request',
    );
  });
});
