/** The gateway over real sockets: what clients send, what they should not, and what Node would answer by itself. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Gateway, type Invoke, startGateway } from '../../local/gateway.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { basicHeader } from '../support/events.ts';
import { type RawAnswer, RawClient } from '../support/raw-client.ts';

let deployment: Deployment;
let gateway: Gateway;
let clients: RawClient[] = [];

beforeAll(async () => {
  deployment = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: '200' } });
  gateway = await startGateway(deployment.invoke, { host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await gateway.close();
  await deployment.close();
});
afterEach(() => {
  for (const client of clients) client.abort();
  clients = [];
});

function open({ port }: Gateway = gateway): RawClient {
  const client = new RawClient(port);
  clients.push(client);
  return client;
}

const HOST = 'Host: localhost\r\n';
const request = (line: string, headers = '', body = '') => `${line} HTTP/1.1\r\n${HOST}${headers}\r\n${body}`;
const ask = (line: string, headers?: string, body?: string) =>
  open()
    .write(request(line, headers, body))
    .answer();

/** What docker (`details`), containerd (`errors`, `details`) and crane, oras (`errors`) read, and OAuth libraries. */
function expectReadable({ status, json, headers }: RawAnswer): void {
  expect(headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  expect(headers['cache-control']).toBe('no-store');
  // At a path where nothing is, the caller gets problem details.
  if (status === 404) {
    expect(json).toMatchObject({ code: 'not-found', status });
    return;
  }
  expect(json.errors).toEqual([{ code: expect.stringMatching(/^[A-Z]+$/), message: expect.any(String) }]);
  expect(json.details).toBe(json.errors[0].message);
  expect([typeof json.error, typeof json.error_description]).toEqual(['string', 'string']);
}

describe('the target of a request', () => {
  it.each([
    ['in origin form', 'GET /health', 200],
    ['in absolute form', 'GET http://pullpass.example/health', 200],
    ['in absolute form with a port and in capitals', 'GET HTTP://EXAMPLE:99/health', 200],
    ['in absolute form with a query', 'GET http://x/oauth/token?service=localhost:5000', 200],
    ['in absolute form without a path', 'GET http://x', 404],
    ['in absolute form with a query alone', 'GET http://x?service=y', 404],
    ['with a question mark in its query', 'GET /oauth/token?service=localhost:5000&x=a?b', 200],
    ['with a broken escape in its path', 'GET /health%zz', 404],
    ['with a broken escape in its query', 'GET /oauth/token?service=%zz', 400],
    ['with escapes that are not UTF-8', 'GET /oauth/token?service=%ff', 400],
    ['that climbs', 'GET /v1/../health', 404],
    ['that is a star', 'OPTIONS *', 404],
    ['with a doubled slash', 'GET //health', 404],
  ])('%s is understood', async (_, line, status) => {
    const answer = await ask(line);
    expect([line, answer.status]).toEqual([line, status]);
    if (status >= 400) expectReadable(answer);
  });

  it('with bytes that are no ASCII is never taken for another', async () => {
    for (const target of [
      '/health\xff',
      '/oauth/token?service=\xe9',
      '/oauth/token?service=localhost:5000&scope=\xc3\xa9',
    ]) {
      const answer = await open()
        .write(Buffer.from(request(`GET ${target}`), 'latin1'))
        .answer();
      expect([target, answer.status >= 400]).toEqual([target, true]);
      expectReadable(answer);
    }
  });
});

describe('headers', () => {
  it('that are given twice are read together: two credentials are none', async () => {
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    const header = `Authorization: ${basicHeader(['token', token])}\r\n`;
    expect((await ask('GET /oauth/token', header)).status).toBe(200);
    const answer = await ask('GET /oauth/token', header + header);
    expect(answer.status).toBe(401);
    expectReadable(answer);
  });

  it('with the names of what every object has are headers like others', async () => {
    const headers = '__proto__: x\r\nconstructor: x\r\n__proto__: y\r\ntoString: x\r\nhasOwnProperty: x\r\n';
    expect((await ask('GET /health', headers)).status).toBe(200);
  });

  it('of the client never decide who asks from where', async () => {
    await ask(
      'GET /v1/tokens',
      'X-Forwarded-For: 203.0.113.9\r\nForwarded: for=203.0.113.9\r\nX-Request-Id: mine\r\n',
    );
    expect(deployment.logs.at(-1)).toContain('"sourceAddress":"127.0.0.1"');
    expect(deployment.logs.at(-1)).not.toContain('mine');
  });

  it.each([
    ['a little more than the limit', 16_100],
    ['more than Node takes', 20_000],
    ['far more than Node takes', 1_000_000],
  ])('of %s are answered with JSON', async (_, bytes) => {
    const client = open().write(request('GET /health', `X: ${'x'.repeat(bytes)}\r\n`));
    const answer = await client.answer();
    expect([answer.status, answer.json.code ?? answer.json.errors[0].code]).toEqual([
      431,
      'headers-too-large',
    ]);
    expect(answer.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
  });

  it('without Host are no request of HTTP 1.1, and are one of HTTP 1.0', async () => {
    const answer = await open().write('GET /health HTTP/1.1\r\n\r\n').answer();
    expect(answer.status).toBe(400);
    expectReadable(answer);
    expect((await open().write('GET /health HTTP/1.0\r\n\r\n').answer()).status).toBe(200);
  });
});

describe('what is no request', () => {
  it.each([
    ['garbage', 'hello\r\n\r\n'],
    ['the first bytes of TLS', Buffer.from([0x16, 0x03, 0x01, 0x02, 0x00, 0x01])],
    ['another protocol', 'SSH-2.0-client\r\n'],
    ['an unknown version', `GET /health HTTP/9.9\r\n${HOST}\r\n`],
    ['a header without a colon', 'GET /health HTTP/1.1\r\nHost\r\n\r\n'],
    ['a header with a line feed alone', 'GET /health HTTP/1.1\r\nHost: x\nX: y\r\n\r\n'],
    [
      'two lengths that differ',
      request('POST /oauth/token', 'Content-Length: 3\r\nContent-Length: 4\r\n', 'abcd'),
    ],
    [
      'two lengths that agree',
      request('POST /oauth/token', 'Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'),
    ],
    [
      'a length and chunks',
      request('POST /oauth/token', 'Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    ],
    ['a length that is no number', request('POST /oauth/token', 'Content-Length: 3x\r\n', 'abc')],
    ['a negative length', request('POST /oauth/token', 'Content-Length: -3\r\n', 'abc')],
    ['a chunk that has no length', request('POST /oauth/token', 'Transfer-Encoding: chunked\r\n', 'xyz\r\n')],
    ['a method that is no word', request('G@T /health')],
  ])('is answered with 400, JSON and the end of the connection: %s', async (_, bytes) => {
    const client = open().write(bytes);
    const answer = await client.answer();
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid-request']);
    expectReadable(answer);
    await client.closed();
  });
});

describe('a body', () => {
  const FORM = 'Content-Type: application/x-www-form-urlencoded\r\n';
  const LOGIN = 'grant_type=password&username=&password=';
  const post = (headers: string, body = '') => request('POST /oauth/token', FORM + headers, body);

  it('is read by its length, in chunks, and byte by byte', async () => {
    expect(
      (
        await open()
          .write(post(`Content-Length: ${LOGIN.length}\r\n`, LOGIN))
          .answer()
      ).status,
    ).toBe(200);
    const chunks = `5\r\n${LOGIN.slice(0, 5)}\r\n${(LOGIN.length - 5).toString(16)}\r\n${LOGIN.slice(5)}\r\n0\r\n\r\n`;
    expect((await open().write(post('Transfer-Encoding: chunked\r\n', chunks)).answer()).status).toBe(200);
    const slow = open().write(post(`Content-Length: ${LOGIN.length}\r\n`));
    for (const byte of LOGIN) {
      slow.write(byte);
      await sleep(2);
    }
    expect((await slow.answer()).status).toBe(200);
  });

  it('of 64 KiB is read, and of a byte more is not', async () => {
    const padded = (length: number) => `${LOGIN}&x=${'x'.repeat(length - LOGIN.length - 3)}`;
    for (const [length, status] of [
      [65_536, 200],
      [65_537, 413],
    ] as const) {
      const answer = await open()
        .write(post(`Content-Length: ${length}\r\n`, padded(length)))
        .answer();
      expect([length, answer.status]).toEqual([length, status]);
      if (status === 413) expectReadable(answer);
    }
  });

  it('that is too large is refused before it has come, and ends the connection', async () => {
    for (const body of [
      post('Content-Length: 500000\r\n'),
      post('Content-Length: 500000\r\n', 'x'.repeat(500_000)),
      post('Transfer-Encoding: chunked\r\n', `7a120\r\n${'x'.repeat(500_000)}\r\n0\r\n\r\n`),
      post('Expect: 100-continue\r\nContent-Length: 65537\r\n'),
    ]) {
      const client = open().write(body);
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
      expectReadable(answer);
      await client.closed();
    }
  });

  it('that does not end is not read to its end', async () => {
    for (const head of ['Content-Length: 900000000\r\n', 'Transfer-Encoding: chunked\r\n']) {
      const client = open().write(post(head));
      if (head.startsWith('T')) client.write('fffffff\r\n');
      for (let i = 0; i < 40; i++) client.write('x'.repeat(65_536));
      const answer = await client.answer();
      expect([answer.status, answer.headers.connection]).toEqual([413, 'close']);
      expectReadable(answer);
      await client.closed();
    }
  });

  it('that is longer than it says ends the connection', async () => {
    const client = open().write(post(`Content-Length: ${LOGIN.length}\r\n`, `${LOGIN}&scope=x\r\n\r\n`));
    expect((await client.answer()).status).toBe(400);
    await client.closed();
  });

  it('that breaks off affects no other', async () => {
    const broken = Array.from({ length: 100 }, (_, i) => {
      const client = open().write(post('Content-Length: 1000\r\n', 'x'.repeat(i)));
      return sleep(i % 10).then(() => (i % 2 === 0 ? client.abort() : client.end()));
    });
    await Promise.all(broken);
    expect((await ask('GET /health')).status).toBe(200);
  });

  it('that does not come is waited for so long, while others are served', async () => {
    const impatient = await startGateway(deployment.invoke, {
      host: '127.0.0.1',
      port: 0,
      limits: { requestTimeoutMs: 150 },
    });
    const slow = open(impatient).write(post('Content-Length: 10\r\n', 'x'));
    const silent = open(impatient).write('GET /hea');
    expect((await open(impatient).write(request('GET /health')).answer()).status).toBe(200);
    for (const client of [slow, silent]) {
      const answer = await client.answer();
      expect(answer.status).toBe(400);
      expectReadable(answer);
      await client.closed();
    }
    await impatient.close();
  });

  it('may be announced before it is sent', async () => {
    const client = open().write(post(`Expect: 100-continue\r\nContent-Length: ${LOGIN.length}\r\n`));
    expect((await client.answer()).status).toBe(100);
    expect((await client.write(LOGIN).answer()).status).toBe(200);
  });
});

describe('a connection', () => {
  it('answers requests that come together one after the other', async () => {
    const lines = [
      'GET /health',
      'GET /nothing',
      'GET /oauth/token?service=localhost:5000',
      'GET /v1/tokens',
      'POST /health',
    ];
    const client = open().write(lines.map(line => request(line)).join(''));
    const statuses = [];
    for (const _ of lines) statuses.push((await client.answer()).status);
    expect(statuses).toEqual([200, 404, 200, 401, 405]);
  });

  it('answers HEAD without a body, and is good for the next request', async () => {
    const client = open().write(request('HEAD /health'));
    const answer = await client.answer('HEAD');
    expect([answer.status, answer.headers.allow]).toEqual([405, 'GET']);
    expect((await client.write(request('GET /health')).answer()).status).toBe(200);
  });

  it('answers 204 without a body and without a length', async () => {
    const client = open();
    await deployment.as(ALICE)('PUT /v1/namespaces/team-x');
    const header = `Authorization: ${basicHeader(['iamapikey', await deployment.apiKeyOf(ALICE)])}\r\n`;
    const answer = await client.write(request('DELETE /v1/namespaces/team-x', header)).answer();
    expect([answer.status, answer.headers['content-length'], answer.headers['transfer-encoding']]).toEqual([
      204,
      undefined,
      undefined,
    ]);
    expect((await client.write(request('GET /health')).answer()).status).toBe(200);
  });

  it('does not become another protocol', async () => {
    expect((await ask('GET /health', 'Connection: Upgrade\r\nUpgrade: websocket\r\n')).status).toBe(200);
    await open().write(request('CONNECT localhost:22')).closed();
  });

  it('is let go on with its request while the gateway closes, and no other is taken', async () => {
    const called = Promise.withResolvers<void>();
    const free = Promise.withResolvers<void>();
    const invoke: Invoke = async () => {
      called.resolve();
      await free.promise;
      return { statusCode: 200, body: 'late' };
    };
    const closing = await startGateway(invoke, { host: '127.0.0.1', port: 0 });
    const client = open(closing).write(request('GET /'));
    await called.promise;
    const closed = closing.close();
    await sleep(20);
    await open(closing).closed();
    free.resolve();
    expect((await client.answer()).body).toBe('late');
    await closed;
  });

  it('is ended when a function breaks off, and the next is served', async () => {
    const calls: string[] = [];
    const invoke: Invoke = async ({ rawPath }) => {
      calls.push(rawPath);
      if (rawPath === '/broken') throw new Error('broken');
      return { statusCode: 200 };
    };
    const fragile = await startGateway(invoke, { host: '127.0.0.1', port: 0 });
    await open(fragile).write(request('GET /broken')).closed();
    expect((await open(fragile).write(request('GET /whole')).answer()).status).toBe(200);
    await fragile.close();
  });
});

describe('what registry clients read', () => {
  const bad = `Authorization: ${basicHeader(['token', 'plp_x'])}\r\n`;

  it.each<[number, string, string]>([
    [401, 'GET /oauth/token', bad],
    [400, 'GET /oauth/token?service=unknown', ''],
    [400, 'GET /oauth/token?service=a&service=b', ''],
    [404, 'GET /oauth/tokens', ''],
    [405, 'PUT /oauth/token', ''],
    [415, 'POST /oauth/token', 'Content-Type: text/plain\r\nContent-Length: 0\r\n'],
    [431, 'GET /oauth/token', `X: ${'x'.repeat(16_100)}\r\n`],
    [431, 'GET /oauth/token', `X: ${'x'.repeat(30_000)}\r\n`],
  ])('is JSON with what each of them looks for: %d of %s', async (status, line, headers) => {
    const answer = await ask(line, headers);
    expect(answer.status).toBe(status === 415 ? 400 : status);
    expectReadable(answer);
  });

  it('is JSON while the store does not answer, with when to come again', async () => {
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    deployment.wire.cut = () => true;
    const answer = await ask('GET /oauth/token', `Authorization: ${basicHeader(['token', token])}\r\n`);
    deployment.wire.cut = () => false;
    expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([503, true]);
    expectReadable(answer);
  });

  it('is JSON for too many failures, with when to come again', async () => {
    const client = open();
    for (let i = 0; i < 250; i++) {
      const answer = await client.write(request('GET /oauth/token', bad)).answer();
      if (answer.status === 401) continue;
      expect([answer.status, Number(answer.headers['retry-after']) > 0]).toEqual([429, true]);
      expectReadable(answer);
      return;
    }
    throw new Error('no client was told to wait');
  });
});
