/** Requests to a registry: which time-outs hold when, what is sent, when a connection is used again, and what a failure says. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { registryHttp, type UpstreamLimits } from '../../lib/upstream/http.ts';
import { answerManifest, MANIFEST, openUpstream, type TestUpstream } from '../support/upstream.ts';

const NOW_MS = 1_790_000_000_000;
const LIMITS: UpstreamLimits = { connectMs: 60, firstByteMs: 200, idleMs: 1000, openMs: 10_000 };

let registry: TestUpstream;
beforeAll(async () => {
  registry = await openUpstream();
});
afterAll(() => registry.close());
beforeEach(() => {
  registry.answer = answerManifest;
  registry.asked.length = 0;
});

/** Sends one request after the other with the same connections. */
function sender(limits: UpstreamLimits = LIMITS) {
  const send = registryHttp(limits);
  return (headers: Readonly<Record<string, string>> = {}, url = `${registry.url}/v2/`) =>
    send({ url: new URL(url), method: 'GET', headers, nowMs: NOW_MS });
}

const after = (ms: number) => (request: IncomingMessage, response: ServerResponse) =>
  void setTimeout(() => answerManifest(request, response), ms);

describe('a request', () => {
  it('says who sends it, wants no compression, and has the headers that it is given', async () => {
    const get = sender();
    await text((await get({ accept: 'a/b' })).body);
    await text((await get({ 'accept-encoding': 'gzip' })).body);
    expect(registry.asked.map(({ headers }) => headers)).toMatchObject([
      { 'user-agent': 'pullpass', 'accept-encoding': 'identity', accept: 'a/b' },
      { 'user-agent': 'pullpass', 'accept-encoding': 'gzip' },
    ]);
  });

  it('goes over the connection of the one before, and may be answered later than a connection may come', async () => {
    const ports = new Set<number | undefined>();
    registry.answer = (request, response) => {
      ports.add(request.socket.remotePort);
      after(120)(request, response);
    };
    const get = sender();
    for (let i = 0; i < 3; i++) expect(await text((await get()).body)).toBe(MANIFEST);
    expect(ports.size).toBe(1);
  });

  it('names the host in the TLS handshake, and no address', async () => {
    const hellos: string[] = [];
    const server = createServer(socket => {
      socket.on('error', () => undefined);
      socket.once('data', data => {
        hellos.push(data.toString('latin1'));
        socket.destroy();
      });
    });
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const get = sender({ ...LIMITS, connectMs: 2000 });
    for (const [host, isNamed] of [
      ['localhost', true],
      ['127.0.0.1', false],
    ] as const) {
      hellos.length = 0;
      await expect(get({}, `https://${host}:${port}/v2/`)).rejects.toMatchObject({ code: 'unavailable' });
      expect(new Set(hellos.map(hello => hello.includes(host)))).toEqual(new Set([isNamed]));
    }
    server.close();
  });
});

describe('an answer', () => {
  it('may take longer than its first byte, as long as it does not stand still', async () => {
    registry.answer = async (_, response) => {
      response.writeHead(200).write('a');
      for (const part of ['b', 'c', 'd']) {
        await sleep(100);
        response.write(part);
      }
      response.end();
    };
    expect(await text((await sender()()).body)).toBe('abcd');
  });

  it('has each header that came once', async () => {
    registry.answer = (_, response) =>
      response.writeHead(404, { 'content-type': 'a/b', 'set-cookie': ['a=1', 'b=2'] }).end();
    const { status, headers, body } = await sender()();
    body.resume();
    expect([status, headers['content-type'], headers['set-cookie']]).toEqual([404, 'a/b', undefined]);
  });
});

describe('no answer', () => {
  it.each<[what: string, answer: TestUpstream['answer'], requests: number, reason: RegExp]>([
    ['in time is asked for once', () => undefined, 1, /^upstream 127\.0\.0\.1:\d+: no answer within 200 ms$/],
    ['from a connection that broke, twice', ({ socket }) => void socket.destroy(), 2, /: socket hang up$/],
    ['that is HTTP, once', ({ socket }) => void socket.end('no\r\n\r\n'), 1, /: Parse Error/],
  ])('%s, with the reason in the log', async (_, answer, requests, reason) => {
    registry.answer = answer;
    await expect(sender()()).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: expect.stringMatching(reason), retryAfterSeconds: 5, cause: expect.any(Error) },
    });
    expect(registry.asked).toHaveLength(requests);
  });

  it('where no one listens says so', async () => {
    const get = sender();
    await expect(get({}, 'http://127.0.0.1:9/v2/')).rejects.toMatchObject({
      details: { reason: expect.stringMatching(/^upstream 127\.0\.0\.1:9: .*ECONNREFUSED/) },
    });
  });
});
