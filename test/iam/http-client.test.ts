/** Requests to an issuer: which endpoints are taken, what is sent, how much is read, and when the breaker opens. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  type BoundedRequest,
  boundedRequest,
  breakerRequest,
  DIRECT,
  endpoint,
} from '../../lib/iam/http-client.ts';
import { BREAKER_FAILURES, Breaker } from '../../lib/limits/breaker.ts';
import { LoopbackServer } from './loopback-server.ts';
import { NOW_MS } from './tokens.ts';

/** Answers every request alike, and remembers it. */
class Issuer extends LoopbackServer {
  readonly requests: { method: string; headers: IncomingMessage['headers']; body: string }[] = [];
  status = 200;
  headers: Record<string, string> = {};
  body = 'ok';

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', headers } = request;
    this.requests.push({ method, headers, body: await text(request) });
    response.writeHead(this.status, this.headers).end(this.body);
  }
}

let issuer: Issuer;
beforeEach(async () => {
  issuer = await new Issuer().open();
});
afterEach(async () => issuer.close().catch(() => undefined));

const request = (rest: Partial<BoundedRequest> = {}): BoundedRequest => ({
  url: new URL(issuer.url),
  maxBytes: 100,
  signal: AbortSignal.timeout(5000),
  connections: DIRECT,
  ...rest,
});

describe('an endpoint', () => {
  it.each([
    'https://iam.example/token',
    'http://127.0.0.1:8080/token',
    'http://[::1]:8080/token',
    'http://localhost/token',
  ])('may be %s', text => {
    expect(endpoint(text).href).toBe(text);
  });

  it.each([
    'http://iam.example/token',
    'http://127.0.0.2/token',
    'http://localhost.evil.example/token',
    'ftp://localhost/token',
    'https://user@iam.example/token',
    'https://:password@iam.example/token',
  ])('may not be %s', text => {
    expect(() => endpoint(text)).toThrow(
      new TypeError('an endpoint is an https URL, or an http URL of this machine, without credentials'),
    );
  });
});

describe('a bounded request', () => {
  it('is a GET for JSON, with the headers that it is given', async () => {
    await boundedRequest(request({ headers: { authorization: 'Basic x', host: 'sts.example' } }));
    expect(issuer.requests).toEqual([
      {
        method: 'GET',
        headers: {
          accept: 'application/json',
          authorization: 'Basic x',
          connection: 'close',
          host: 'sts.example',
        },
        body: '',
      },
    ]);
  });

  it('is a POST with a form', async () => {
    await boundedRequest(request({ form: new URLSearchParams({ a: 'b c' }) }));
    expect(issuer.requests).toMatchObject([
      { method: 'POST', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=b+c' },
    ]);
  });

  it.each([
    [
      'a media type',
      { 'content-type': 'application/json; charset=utf-8' },
      'application/json; charset=utf-8',
    ],
    ['no media type', {}, ''],
  ])('gives the answer as it came: %s', async (_, headers, contentType) => {
    Object.assign(issuer, { status: 418, headers });
    const { body, ...rest } = await boundedRequest(request());
    expect([rest, Buffer.from(body).toString()]).toEqual([{ status: 418, contentType }, 'ok']);
  });

  it('reads as many bytes as are allowed, and no more', async () => {
    issuer.body = 'x'.repeat(100);
    expect((await boundedRequest(request())).body).toHaveLength(100);
    issuer.body = 'x'.repeat(101);
    await expect(boundedRequest(request())).rejects.toMatchObject({
      name: 'OversizeAnswer',
      message: 'an answer exceeds 100 bytes',
    });
  });
});

describe('a guarded request', () => {
  /** Whether the breaker counts the outcome of the request as its fifth failure. */
  async function isFailure(change: Partial<Issuer>, rest: Partial<BoundedRequest> = {}): Promise<boolean> {
    Object.assign(issuer, change);
    const breaker = new Breaker();
    for (let n = 1; n < BREAKER_FAILURES; n++) breaker.failed(NOW_MS);
    await breakerRequest(request(rest), breaker, NOW_MS).catch(() => undefined);
    breaker.failed(NOW_MS);
    for (let n = 1; n < BREAKER_FAILURES - 1; n++) breaker.failed(NOW_MS);
    try {
      breaker.enter(NOW_MS);
      return false;
    } catch {
      return true;
    }
  }

  it.each<[string, boolean, Partial<Issuer>, Partial<BoundedRequest>]>([
    ['200', false, { status: 200 }, {}],
    ['400', false, { status: 400 }, {}],
    ['499', false, { status: 499 }, {}],
    ['500', true, { status: 500 }, {}],
    ['503', true, { status: 503 }, {}],
    ['too long an answer', false, { body: 'x'.repeat(101) }, {}],
    ['no answer in time', true, {}, { signal: AbortSignal.abort() }],
  ])('that ends in %s counts as a failure: %s', async (_, expected, change, rest) => {
    expect(await isFailure(change, rest)).toBe(expected);
  });

  it('without an answer is unavailable, with the cause for the log', async () => {
    await issuer.close();
    await expect(breakerRequest(request(), new Breaker(), NOW_MS)).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'the exchange failed', retryAfterSeconds: 5, cause: { code: 'ECONNREFUSED' } },
    });
  });
});
