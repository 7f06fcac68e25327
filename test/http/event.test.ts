/** What is a request of payload format 2.0, what else is named, and which part of a path is the platform's. */
import { describe, expect, it } from 'vitest';
import { otherEvent, readEvent, refuseEvent } from '../../lib/http/event.ts';
import { eventOf, received } from '../support/events.ts';

type Facts = Record<string, unknown>;
const GOOD = eventOf('GET /v1/tokens?limit=1', { headers: { 'x-a': 'b' } });
const { requestContext } = GOOD;
const pathIn = (event: unknown) => {
  const read = readEvent(event);
  return typeof read === 'string' ? read : read.rawPath;
};

describe('a request', () => {
  it('is read as it came', () => {
    expect(readEvent(GOOD)).toEqual(GOOD);
    expect(otherEvent(GOOD)).toBeUndefined();
  });

  it.each<[string, Facts, Facts]>([
    ['a query', { rawQueryString: undefined }, { rawQueryString: '' }],
    ['a query that is null', { rawQueryString: null }, { rawQueryString: '' }],
    ['headers', { headers: undefined }, { headers: {} }],
    ['headers that are null', { headers: null }, { headers: {} }],
    ['the value of a header', { headers: { a: undefined, b: null } }, { headers: { a: undefined, b: null } }],
    ['a body', { body: null }, { body: null }],
    ['cookies', { cookies: null }, { cookies: null }],
  ])('may lack %s', (_, change, expected) => {
    expect(readEvent({ ...GOOD, ...change })).toEqual({ ...GOOD, ...expected });
  });

  it('may have a body and cookies', () => {
    const whole = { ...GOOD, body: 'x', cookies: ['a=1', 'b=2'] };
    expect(readEvent(whole)).toEqual(whole);
  });

  it.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'x'],
    ['another version', { ...GOOD, version: '1.0' }],
    ['no path', { ...GOOD, rawPath: undefined }],
    ['a path that is no text', { ...GOOD, rawPath: 7 }],
    ['a query that is no text', { ...GOOD, rawQueryString: 7 }],
    ['a body that is no text', { ...GOOD, body: {} }],
    ['a header that is no text', { ...GOOD, headers: { a: 'x', b: ['y'] } }],
    ['cookies that are no list', { ...GOOD, cookies: 'a=1' }],
    ['a cookie that is no text', { ...GOOD, cookies: ['a=1', 7] }],
    ['no context', { ...GOOD, requestContext: undefined }],
    ['no request id', { ...GOOD, requestContext: { ...requestContext, requestId: undefined } }],
    ['no HTTP', { ...GOOD, requestContext: { ...requestContext, http: null } }],
    ['no method', { ...GOOD, requestContext: { ...requestContext, http: { sourceIp: '::1' } } }],
    ['no address', { ...GOOD, requestContext: { ...requestContext, http: { method: 'GET' } } }],
  ])('is none with %s', (_, event) => {
    expect(readEvent(event)).toBe('an unknown event');
    expect(otherEvent(event)).toBeUndefined();
  });
});

describe('another event', () => {
  it.each<[string, unknown]>([
    ['a request of an Application Load Balancer', { requestContext: { elb: {} }, httpMethod: 'GET' }],
    ['a request of a WebSocket API', { ...GOOD, requestContext: { ...requestContext, connectionId: 'x' } }],
    ['a request of VPC Lattice', { version: '2.0', requestContext: { serviceArn: 'x' } }],
    ['a question for a Lambda authorizer', { methodArn: 'x' }],
    ['a question for a Lambda authorizer', { routeArn: 'x' }],
    ['a request of payload format 1.0', { version: '1.0', httpMethod: 'GET' }],
    ['records of a queue or a stream', { Records: [] }],
    ['a warm-up ping', { source: 'serverless-plugin-warmup' }],
    ['a warm-up ping', { source: 'Warm-Up' }],
    ...['warmup', 'warmUp', 'warmer', 'ping'].map(
      mark => ['a warm-up ping', { [mark]: true }] as [string, unknown],
    ),
    ['a scheduled event', { source: 'aws.events', 'detail-type': 'Scheduled Event' }],
    ['an event of EventBridge', { source: 'aws.s3', 'detail-type': 'x' }],
    ['an unknown event', { source: 'warm', warmup: false, Records: 'x', methodArn: 7, httpMethod: 7 }],
  ])('is %s', (name, event) => {
    expect(readEvent(event)).toBe(name);
    expect(otherEvent(event)).toBe(name === 'an unknown event' ? undefined : name);
  });

  it('is refused with its name, and logged', () => {
    const lines: unknown[] = [];
    const unexpected = () => {
      throw new Error('must not be logged so');
    };
    const log = { info: unexpected, error: unexpected, warn: (...line: unknown[]) => void lines.push(line) };
    const answer = received(refuseEvent('a warm-up ping', 'request-1', log));
    expect(answer).toMatchObject({
      status: 400,
      headers: { 'cache-control': 'no-store', 'content-type': 'application/problem+json' },
      json: {
        code: 'invalid-request',
        detail: 'This function answers requests of payload format 2.0; this is a warm-up ping.',
        requestId: 'request-1',
      },
    });
    expect(lines).toEqual([['unexpected-event', { requestId: 'request-1', received: 'a warm-up ping' }]]);
    expect(received(refuseEvent('x', undefined, log)).json.requestId).toBe('');
  });
});

describe('the path of a request', () => {
  const at = (rawPath: string, routeKey: unknown, stage: unknown = '$default') =>
    pathIn({ ...GOOD, rawPath, routeKey, requestContext: { ...requestContext, stage } });

  it.each<[string, string, unknown, unknown, string]>([
    ['as it is', '/v1/tokens', '$default', '$default', '/v1/tokens'],
    ['without its stage', '/dev/v1/tokens', '$default', 'dev', '/v1/tokens'],
    ['without a stage alone', '/dev', '$default', 'dev', '/'],
    ['with a segment that only begins like the stage', '/develop/v1', '$default', 'dev', '/develop/v1'],
    ['with another segment', '/v1/dev', '$default', 'dev', '/v1/dev'],
    ['as it is where there is no stage', '/dev/v1', '$default', undefined, '/dev/v1'],
    ['with a segment that is named as no stage', '/$default/v1', '$default', '$default', '/$default/v1'],
    ['without its stage before a greedy route', '/dev/v1/x', 'ANY /{proxy+}', 'dev', '/v1/x'],
    ['as its route has it', '/v1/tokens', 'GET /v1/tokens', 'dev', '/v1/tokens'],
    ['without the segment of a mapping', '/api/v1/tokens', 'GET /v1/tokens', 'dev', '/v1/tokens'],
    ['without it before a parameter', '/api/v1/tokens/x', 'GET /v1/tokens/{id}', 'dev', '/v1/tokens/x'],
    ['with a segment that a parameter takes', '/v1/x', 'GET /v1/{id}', 'v1', '/v1/x'],
    ['as it is where neither fits', '/a/b/v1/tokens', 'GET /v1/tokens', 'a', '/a/b/v1/tokens'],
    ['as it is where the rest differs', '/api/v1/other', 'GET /v1/tokens', 'api', '/api/v1/other'],
    ['without its stage where the route is no text', '/dev/v1', 7, 'dev', '/v1'],
  ])('is read %s', (_, rawPath, routeKey, stage, expected) => {
    expect(at(rawPath, routeKey, stage)).toBe(expected);
  });
});
