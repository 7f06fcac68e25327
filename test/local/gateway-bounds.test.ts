/** What one client can take of the gateway: requests at once, connections, bytes and time. */
import { once } from 'node:events';
import { connect as connectTo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { unavailable } from '../../lib/domain/errors.ts';
import { type Gateway, type Invoke, startGateway } from '../../local/gateway.ts';
import { type GatewayLimits, limitsWithin } from '../../local/limits.ts';
import { CountedRequest } from '../../local/request-body.ts';
import { RawClient } from '../support/raw-client.ts';

let gateways: Gateway[] = [];
let clients: RawClient[] = [];

afterEach(async () => {
  for (const client of clients) client.abort();
  await Promise.all(gateways.map(each => each.close()));
  [gateways, clients] = [[], []];
});

const OK: Invoke = async () => ({ statusCode: 200, body: 'ok' });

/** A gateway, and a way to connect to it from an address of this machine. */
async function gateway(limits: Partial<GatewayLimits>, invoke: Invoke = OK, proxies: readonly string[] = []) {
  const started = await startGateway(invoke, { host: '127.0.0.1', port: 0, limits, trustedProxies: proxies });
  gateways.push(started);
  return (from?: string) => {
    const client = new RawClient(started.port, from);
    clients.push(client);
    return client;
  };
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const post = (length: number, body: string) =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
const ask = async (client: RawClient) => (await client.write(GET).answer()).status;

describe('requests that come together on one connection', () => {
  it('are served one at a time', async () => {
    let [now, most] = [0, 0];
    const connect = await gateway({}, async () => {
      now += 1;
      most = Math.max(most, now);
      await sleep(1);
      now -= 1;
      return { statusCode: 200 };
    });
    const client = connect().write(GET.repeat(10));
    for (let i = 0; i < 10; i++) expect((await client.answer()).status).toBe(200);
    expect(most).toBe(1);
  });

  it('end the connection when too many are unanswered: 1 700 call no function 1 700 times', async () => {
    let calls = 0;
    const connect = await gateway({}, async () => {
      calls += 1;
      return { statusCode: 200, body: 'x'.repeat(100_000) };
    });
    await connect().write(GET.repeat(1700)).closed();
    expect(calls).toBeLessThanOrEqual(16);
    expect(await ask(connect())).toBe(200);
  });
});

describe('what is read of a client at once', () => {
  const chunks = (size: number, count: number) =>
    `POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n${`${size.toString(16)}\r\n${'a'.repeat(size)}\r\n`.repeat(count)}0\r\n\r\n`;

  it('ends a body in pieces that are too small with 400, and is good for few of them or larger ones', async () => {
    const connect = await gateway({});
    for (const [size, count] of [
      [1, 60],
      [64, 1000],
      [1024, 64],
    ] as const) {
      expect([size, (await connect().write(chunks(size, count)).answer()).status]).toEqual([size, 200]);
    }
    const client = connect().write(chunks(1, 4000));
    expect((await client.answer()).json.detail).toBe('The body comes in too many small pieces.');
    await client.closed();
  });

  it('is a step: of ten thousand chunks in one read, Node passes on a few hundred', async () => {
    const pushed = vi.spyOn(CountedRequest.prototype, 'push');
    const connect = await gateway({});
    await connect().write(chunks(1, 10_000)).closed();
    expect(pushed.mock.calls.length).toBeLessThan(300);
    pushed.mockRestore();
  });

  it('is a step: of three thousand requests in one read, Node parses a few dozen', async () => {
    const parsed = new Set<unknown>();
    const pushed = vi.spyOn(CountedRequest.prototype, 'push').mockImplementation(function (
      this: CountedRequest,
    ) {
      parsed.add(this);
      return true;
    });
    const connect = await gateway({});
    await connect().write('GET / HTTP/1.1\r\n\r\n'.repeat(3000)).closed();
    expect(parsed.size).toBeLessThan(100);
    pushed.mockRestore();
  });

  it('is no more than a step of a body that its length refuses', async () => {
    const pushed = vi.spyOn(CountedRequest.prototype, 'push');
    const connect = await gateway({ lingerMs: 20 }, async () => ({ statusCode: 413 }));
    const client = connect().write(post(1_000_000, 'x'.repeat(1_000_000)));
    expect((await client.answer()).status).toBe(413);
    await client.closed();
    const bytes = pushed.mock.calls.reduce((sum, [chunk]) => sum + (chunk?.length ?? 0), 0);
    expect(bytes).toBeLessThan(2_000);
    pushed.mockRestore();
  });

  it('is refused with a moment to read why: the connection is reset only after it', async () => {
    const started = await startGateway(async () => ({ statusCode: 413 }), {
      host: '127.0.0.1',
      port: 0,
      limits: { lingerMs: 150 },
    });
    gateways.push(started);
    const socket = connectTo({ port: started.port, host: '127.0.0.1', allowHalfOpen: true });
    let resets = 0;
    socket.on('error', () => {
      resets += 1;
    });
    const ended = once(socket.resume(), 'end');
    socket.write(post(1_000_000, 'x'.repeat(100_000)));
    await ended;
    for (let i = 0; i < 3; i++) {
      socket.write('x'.repeat(1000));
      await sleep(10);
    }
    expect(resets).toBe(0);
    for (let i = 0; i < 100 && resets === 0; i++) {
      socket.write('x');
      await sleep(10);
    }
    expect(resets).toBe(1);
  });

  it('a second request in too small pieces ends the connection, and not the answer to the first', async () => {
    const connect = await gateway({}, async () => {
      await sleep(30);
      return { statusCode: 200 };
    });
    const client = connect().write(GET + chunks(1, 4000));
    await client.closed();
    await expect(client.answer()).rejects.toThrow('closed without an answer');
  });
});

describe('connections beyond the limit', () => {
  it('close the one that has waited for its client longest', async () => {
    const connect = await gateway({ connections: 3 });
    const [first, second, third] = [connect(), connect(), connect()];
    for (const client of [first, second, third, first]) expect(await ask(client)).toBe(200);
    expect(await ask(connect())).toBe(200);
    await second.closed();
    expect([first.isClosed, third.isClosed]).toEqual([false, false]);
  });

  it('close one that sends its request slowly', async () => {
    const connect = await gateway({ connections: 1 });
    const slow = connect().write('GET / HTTP/1.1\r\nHost:');
    await sleep(20);
    expect(await ask(connect())).toBe(200);
    await slow.closed();
  });

  it('do not close one whose request is worked at: the new one is closed', async () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const connect = await gateway({ connections: 1 }, async () => {
      await promise;
      return { statusCode: 200 };
    });
    const working = connect().write(GET);
    await sleep(20);
    await connect().closed();
    resolve();
    expect((await working.answer()).status).toBe(200);
  });

  it('close those of the same source when one source has too many', async () => {
    const connect = await gateway({ connections: 4, connectionsPerSource: 2 });
    const other = connect();
    expect(await ask(other)).toBe(200);
    const flood = [1, 2, 3, 4, 5].map(() => connect('127.0.0.2'));
    await sleep(50);
    expect(flood.map(({ isClosed }) => isClosed)).toEqual([true, true, true, false, false]);
    expect(await ask(other)).toBe(200);
  });

  it('of a trusted proxy are bounded only in all, and its clients are who it says', async () => {
    const sources: string[] = [];
    const invoke: Invoke = async ({ requestContext }) => {
      sources.push(requestContext.http.sourceIp);
      return { statusCode: 200 };
    };
    const connect = await gateway({ connectionsPerSource: 1 }, invoke, ['127.0.0.2/32']);
    const crowd = [1, 2, 3].map(() => connect('127.0.0.2'));
    const get = GET.replace('Host', 'X-Forwarded-For: 6.6.6.6\r\nX-Forwarded-For: 198.51.100.1\r\nHost');
    for (const client of crowd) expect((await client.write(get).answer()).status).toBe(200);
    await connect().write(get).answer();
    expect(sources).toEqual(['198.51.100.1', '198.51.100.1', '198.51.100.1', '127.0.0.1']);
  });

  it('beyond the limit close one of the source that has most, though one of another waits longer', async () => {
    const connect = await gateway({ connections: 3 });
    const lone = connect('127.0.0.3');
    expect(await ask(lone)).toBe(200);
    const many = [connect(), connect()];
    for (const client of many) expect(await ask(client)).toBe(200);
    expect(await ask(connect())).toBe(200);
    expect(await ask(lone)).toBe(200);
  });

  it('stay below what the process may open', () => {
    expect(limitsWithin(1_000_000)).toMatchObject({ connections: 4000, connectionsPerSource: 2000 });
    expect(limitsWithin(256)).toMatchObject({ connections: 156, connectionsPerSource: 78 });
    expect(limitsWithin(50)).toMatchObject({ connections: 1, connectionsPerSource: 1 });
  });
});

describe('bytes', () => {
  it('of unfinished bodies beyond the limit close the connection that has sent longest', async () => {
    const connect = await gateway({ bufferedBytes: 100_000 });
    const old = connect();
    expect(await ask(old)).toBe(200);
    const first = connect().write(post(60_001, 'x'.repeat(60_000)));
    await sleep(30);
    old.write(post(60_001, 'x'.repeat(60_000)));
    await first.closed();
    expect((await old.write('x').answer()).status).toBe(200);
  });

  it('of answers that are not read beyond the limit close the connection that reads none longest', async () => {
    const connect = await gateway({ bufferedBytes: 30_000_000 }, async () => ({
      statusCode: 200,
      body: 'x'.repeat(20_000_000),
    }));
    const [first, second] = [connect().pause().write(GET), connect().pause()];
    await sleep(50);
    second.write(GET);
    await sleep(50);
    await first.resume().closed();
    expect((await second.resume().answer()).status).toBe(200);
  });

  it('are no longer counted once they are answered', async () => {
    const connect = await gateway({ bufferedBytes: 100_000 });
    const client = connect();
    for (let i = 0; i < 5; i++) {
      expect((await client.write(post(60_000, 'x'.repeat(60_000))).answer()).status).toBe(200);
    }
  });
});

it('a client that does not read its answer in time is closed', async () => {
  const connect = await gateway({ readTimeoutMs: 50 }, async () => ({
    statusCode: 200,
    body: 'x'.repeat(20_000_000),
  }));
  const client = connect().pause().write(GET);
  await sleep(150);
  await client.resume().closed();
});

it('more headers than the limit are refused with 431, where Node would drop some', async () => {
  const connect = await gateway({ headers: 10 });
  const withHeaders = (count: number) => `GET / HTTP/1.1\r\nHost: x\r\n${'x: y\r\n'.repeat(count - 1)}\r\n`;
  expect((await connect().write(withHeaders(10)).answer()).status).toBe(200);
  expect((await connect().write(withHeaders(11)).answer()).status).toBe(431);
  expect((await connect().write(withHeaders(1000)).answer()).status).toBe(431);
});

it('a function without room is answered with 503 and when to come again', async () => {
  const connect = await gateway({}, () =>
    Promise.reject(unavailable('too many requests at once', { retryAfterSeconds: 1 })),
  );
  const answer = await connect().write(GET).answer();
  expect([answer.status, answer.headers['retry-after'], answer.json.code]).toEqual([503, '1', 'unavailable']);
});
