/** Every error in both formats, and the headers that go with it. */

import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { ERRORS, type ErrorCode, nameOfError } from '../../lib/domain/error-codes.ts';
import { PullpassError } from '../../lib/domain/errors.ts';
import { asPullpassError, encodeResponse, errorResponse } from '../../lib/http/answer.ts';
import { PROBLEM, REGISTRY_ERROR } from '../../lib/http/error-bodies.ts';
import type { ErrorFormat } from '../../lib/http/request.ts';

const CODES = Object.keys(ERRORS) as ErrorCode[];
const REQUEST_ID = 'request-1';

describe.each(CODES)('the error %s', code => {
  const error = new PullpassError(code, { reason: 'the-reason', cause: new Error('the-cause') });
  const { status, title, detail, registryCode, oauthError } = ERRORS[code];
  const name = nameOfError(code);
  // Where the caller cannot know what is wrong, the message says what finds it in the log.
  const message = [401, 403, 429, 500, 503].includes(status) ? `${detail} Request id: ${REQUEST_ID}` : detail;

  it('is problem details to management clients (RFC 9457)', () => {
    const answer = errorResponse(error, 'problem', REQUEST_ID);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/problem+json' } });
    expect(answer.json).toEqual({
      type: `urn:pullpass:error:${name}`,
      title,
      status,
      detail,
      code: name,
      requestId: REQUEST_ID,
    });
  });

  it('is one envelope to every registry client', () => {
    const answer = errorResponse(error, 'registry', REQUEST_ID);
    expect(answer).toMatchObject({ status, headers: { 'content-type': 'application/json' } });
    expect(answer.json).toEqual({
      errors: [{ code: registryCode, message }],
      details: message,
      error: oauthError,
      error_description: message,
    });
  });

  it('is both where the kind of client is unknown', () => {
    const both = errorResponse(error, undefined, REQUEST_ID).json;
    expect(both).toMatchObject({ errors: [{ code: registryCode, message }], details: message });
    expect(both).toMatchObject({ title, status, code: name, requestId: REQUEST_ID });
  });

  it('has the members that the schemas of the description have, and no others', () => {
    const problems = [{ path: 'access', message: 'unknown' }];
    const full = new PullpassError(code, { problems, id: 'one', at: 1 });
    const bodyOf = (format: ErrorFormat) => errorResponse(full, format, REQUEST_ID).json;
    const exactly = {
      problem: v.strictObject(PROBLEM.entries),
      registry: v.strictObject(REGISTRY_ERROR.entries),
    };
    expect(v.parse(exactly.problem, bodyOf('problem'))).toEqual(bodyOf('problem'));
    expect(v.parse(exactly.registry, bodyOf('registry'))).toEqual(bodyOf('registry'));
    // docker and skopeo take an error with `details` for UNKNOWN, and try again.
    expect(
      v.parse(v.strictObject({ errors: REGISTRY_ERROR.entries.errors }), bodyOf('distribution')),
    ).toEqual(bodyOf('distribution'));
  });

  it.each<ErrorFormat | undefined>(['problem', 'registry', 'distribution', undefined])(
    'does not say why (%s)',
    format => {
      expect(JSON.stringify(errorResponse(error, format, REQUEST_ID))).not.toMatch(/the-reason|the-cause/);
    },
  );
});

describe('an error', () => {
  it('that is not ours is internal and says nothing', () => {
    const error = asPullpassError(new TypeError('the-cause'));
    expect(error.code).toBe('internal');
    expect(JSON.stringify(errorResponse(error, undefined, REQUEST_ID))).not.toContain('the-cause');
  });

  it('that is ours stays what it is', () => {
    const error = new PullpassError('forbidden');
    expect(asPullpassError(error)).toBe(error);
  });

  it('of a bad credential says what is wrong with it to management, and to registry clients what every failed login says', () => {
    const error = new PullpassError('unauthenticated', { detail: 'The password is empty.' });
    expect(errorResponse(error, 'problem', REQUEST_ID).json).toMatchObject({
      detail: 'The password is empty.',
    });
    const { detail } = ERRORS.unauthenticated;
    const details = `${detail} Request id: ${REQUEST_ID}`;
    expect(errorResponse(error, 'registry', REQUEST_ID).json).toMatchObject({ details });
    const bad = new PullpassError('invalid-request', { detail: 'No.' });
    expect(errorResponse(bad, 'registry', REQUEST_ID).json).toMatchObject({
      ...{ details: 'No.', errors: [{ message: 'No.' }], error_description: 'No.' },
    });
  });

  it('of a missing or bad credential asks for Basic, and no other does', () => {
    const asking: readonly ErrorCode[] = [
      ...(['unauthenticated', 'login-needed', 'insufficient-scope'] as const),
      ...(['token-expired', 'token-rotated', 'value-disabled'] as const),
    ];
    for (const code of CODES) {
      const headers = errorResponse(new PullpassError(code), 'registry', REQUEST_ID).headers ?? {};
      expect('www-authenticate' in headers).toBe(asking.includes(code));
    }
  });

  it('of the registry proxy says where to log in', () => {
    const challenge = 'Bearer realm="https://pullpass.example/oauth/token",service="s"';
    const { headers } = errorResponse(
      new PullpassError('login-needed', { challenge }),
      'registry',
      REQUEST_ID,
    );
    expect(headers?.['www-authenticate']).toBe(challenge);
  });

  it.each<[string, ErrorCode, number | undefined, string | undefined]>([
    ['the seconds that it names, rounded up', 'rate-limited', 1.2, '2'],
    ['a second at least', 'rate-limited', 0.001, '1'],
    ['some seconds when it does not know', 'unavailable', undefined, '5'],
    ['nothing for what waiting does not mend', 'forbidden', undefined, undefined],
  ])('says when to come again: %s', (_, code, retryAfterSeconds, expected) => {
    const details = retryAfterSeconds === undefined ? {} : { retryAfterSeconds };
    const { headers } = errorResponse(new PullpassError(code, details), 'registry', REQUEST_ID);
    expect(headers?.['retry-after']).toBe(expected);
  });

  it('of a method names the others, and of a body each problem at its place', () => {
    const method = new PullpassError('method-not-allowed', { allow: ['GET', 'POST'] });
    expect(errorResponse(method, undefined, REQUEST_ID).headers).toMatchObject({ allow: 'GET, POST' });
    const problems = [{ path: 'access', message: 'must be pull or push' }];
    const body = new PullpassError('invalid-request', { detail: 'No.', problems });
    const { json } = errorResponse(body, 'problem', REQUEST_ID);
    expect(json).toMatchObject({ detail: 'No.', errors: problems });
    expect(json).not.toHaveProperty('id');
  });

  it('of a request that was carried out before names the token', () => {
    const replayed = new PullpassError('idempotency-replayed', { id: 'token-1' });
    const { json } = errorResponse(replayed, 'problem', REQUEST_ID);
    expect(json).toMatchObject({ id: 'token-1' });
    expect(json).not.toHaveProperty('errors');
  });
});

describe('an answer', () => {
  it.each([
    [
      'JSON',
      { status: 201, json: { a: 1 }, headers: { x: 'y' } },
      { statusCode: 201, headers: { 'content-type': 'application/json', x: 'y' }, body: '{"a":1}' },
    ],
    [
      'JSON of a media type of its own',
      { status: 200, json: [], headers: { 'content-type': 'application/jwk-set+json' } },
      { statusCode: 200, headers: { 'content-type': 'application/jwk-set+json' }, body: '[]' },
    ],
    [
      'text as it is',
      { status: 200, text: '<p>', headers: { 'content-type': 'text/html' } },
      { statusCode: 200, headers: { 'content-type': 'text/html' }, body: '<p>' },
    ],
    ['an empty text', { status: 200, text: '' }, { statusCode: 200, headers: {}, body: '' }],
    ['no body', { status: 204, headers: { x: 'y' } }, { statusCode: 204, headers: { x: 'y' } }],
  ])('is written as payload format 2.0 has it: %s', (_, response, expected) => {
    expect(encodeResponse(response)).toEqual(expected);
  });
});
