/** What both transports do when DynamoDB, or the network, does not do its part. */
import { createServer, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { ATTEMPTS } from '../../lib/aws/client.ts';
import { TIME_LIMITS, type TimeLimits } from '../../lib/aws/connections.ts';
import type { Table } from '../../lib/ports/table.ts';
import { type DynamoTransport, dynamoTable } from '../../lib/store/dynamo-table.ts';
import { createDynamoClient, sdkTransport } from '../../lib/store/sdk-transport.ts';
import { rejectionOf } from '../support/errors.ts';
import { clientOf, leanTransport } from '../support/tables.ts';

const LIMITS: TimeLimits = { connectionMs: 200, requestMs: 60 };
/** For an answer that comes, after one that does not. */
const PATIENT: TimeLimits = { ...TIME_LIMITS, requestMs: 300 };
/** Two requests, and the pause between them. */
const GIVEN_UP_MS = 600;
const JSON_TYPE = { 'content-type': 'application/x-amz-json-1.0' };
const KEY = { pk: 'p', sk: 's' };

const TRANSPORTS = {
  'the SDK': (endpoint, limits) => sdkTransport(clientOf(addressOf(endpoint), limits)),
  'the lean client': (endpoint, limits) => leanTransport(addressOf(endpoint), limits),
} satisfies Record<string, (endpoint: string, limits: TimeLimits) => DynamoTransport>;

function addressOf(endpoint: string) {
  return { endpoint, accessKeyId: 'id', secretAccessKey: 'secret' };
}

describe.each(Object.entries(TRANSPORTS))('over %s', (_, transportTo) => {
  let close: () => Promise<void> = async () => undefined;
  afterEach(() => close());

  /** A table whose requests are answered so. */
  async function against(answer: RequestListener, limits = LIMITS): Promise<Table> {
    const server = createServer(answer);
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
    close = async () => {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    };
    const { port } = server.address() as AddressInfo;
    return dynamoTable('pullpass', transportTo(`http://127.0.0.1:${port}`, limits));
  }

  it('a DynamoDB that hangs is given up after two requests, and they end', async () => {
    const ended: Promise<unknown>[] = [];
    const table = await against((request, response) => {
      request.resume();
      ended.push(new Promise(resolve => response.once('close', resolve)));
    });
    const begun = performance.now();
    expect((await rejectionOf(table.get(KEY))).details.reason).toBe('store: TimeoutError');
    expect(performance.now() - begun).toBeGreaterThan(2 * LIMITS.requestMs - 10);
    expect(performance.now() - begun).toBeLessThan(GIVEN_UP_MS);
    expect(ended).toHaveLength(2);
    await Promise.all(ended);
  });

  it('one that hangs in the middle of its answer is given up too', async () => {
    const table = await against((_, response) => {
      response.writeHead(200, JSON_TYPE).write('{"Item":');
    });
    const begun = performance.now();
    expect(await rejectionOf(table.get(KEY))).toMatchObject({ code: 'unavailable' });
    expect(performance.now() - begun).toBeLessThan(GIVEN_UP_MS);
  });

  it('one that trickles without ever beginning its answer is given up too', async () => {
    const table = await against(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x: y\r\n'), 10);
      socket.once('close', () => clearInterval(drip));
    });
    const begun = performance.now();
    expect((await rejectionOf(table.get(KEY))).details.reason).toBe('store: TimeoutError');
    expect(performance.now() - begun).toBeLessThan(GIVEN_UP_MS);
  });

  it.each([
    ['fails', 500, '{"__type":"InternalServerError"}'],
    [
      'throttles',
      400,
      '{"__type":"com.amazonaws.dynamodb.v20120810#ProvisionedThroughputExceededException"}',
    ],
    ['refuses', 400, '{"__type":"com.amazon.coral.service#AccessDeniedException"}'],
    ['has no table', 400, '{"__type":"com.amazonaws.dynamodb.v20120810#ResourceNotFoundException"}'],
    ['answers something else', 200, '<html>'],
  ])('one that %s could not answer', async (_, status, body) => {
    const table = await against((request, response) => {
      request.resume();
      response.writeHead(status, JSON_TYPE).end(body);
    });
    expect(await rejectionOf(table.get(KEY))).toMatchObject({
      code: 'unavailable',
      details: { cause: expect.any(Error) },
    });
  });

  it('one that is not there could not answer', async () => {
    const table = dynamoTable('pullpass', transportTo('http://127.0.0.1:9', LIMITS));
    for (const call of [() => table.get(KEY), () => table.put(KEY), () => table.scan({})]) {
      expect(await rejectionOf(call())).toMatchObject({ code: 'unavailable' });
    }
  });

  it('a write whose answer is lost is sent again, and its condition then does not hold', async () => {
    let requests = 0;
    const table = await against((request, response) => {
      request.resume();
      requests++;
      if (requests > 1) {
        response.writeHead(400, JSON_TYPE).end('{"__type":"x#ConditionalCheckFailedException"}');
      }
    }, PATIENT);
    expect(await table.put(KEY, { absent: 'pk' })).toBe(false);
    expect(requests).toBe(2);
  });

  it.each(['DuplicateItemException', 'DuplicateItem'])(
    'an insert whose answer is lost is sent again, and finds the item there (%s)',
    async name => {
      const statements: string[] = [];
      const table = await against(async (request, response) => {
        statements.push(`${request.headers['x-amz-target']} ${await text(request)}`);
        if (statements.length > 1) response.writeHead(400, JSON_TYPE).end(`{"__type":"x#${name}"}`);
      }, PATIENT);
      expect(await table.insert({ ...KEY, 'a-b': 1 })).toBe(false);
      const [first = '', second] = statements;
      expect(second).toBe(first);
      const [target, ...body] = first.split(' ');
      expect(target).toBe('DynamoDB_20120810.ExecuteStatement');
      expect(JSON.parse(body.join(' '))).toEqual({
        Statement: `INSERT INTO "pullpass" VALUE {'pk': ?, 'sk': ?, 'a-b': ?}`,
        Parameters: [{ S: 'p' }, { S: 's' }, { N: '1' }],
      });
    },
  );

  it('bytes come to a DynamoDB in base64, and back', async () => {
    const sent: string[] = [];
    const table = await against(async (request, response) => {
      sent.push(await text(request));
      response.writeHead(200, JSON_TYPE).end('{"Item":{"pk":{"S":"p"},"sk":{"S":"s"},"b":{"B":"AP8="}}}');
    }, TIME_LIMITS);
    const item = { ...KEY, b: Buffer.from([0, 255]) };
    await table.put(item);
    expect(JSON.parse(sent[0] ?? '').Item.b).toEqual({ B: 'AP8=' });
    expect(Buffer.from((await table.get(KEY))?.b as Uint8Array)).toEqual(item.b);
  });

  it('an update ends when its signal says so', async () => {
    const table = await against(() => undefined);
    const begun = performance.now();
    const update = table.update(KEY, { set: { a: 1 } }, undefined, AbortSignal.timeout(10));
    expect(await rejectionOf(update)).toMatchObject({ code: 'unavailable' });
    expect(performance.now() - begun).toBeLessThan(LIMITS.requestMs);
  });

  it('a burst of three hundred reads is answered in turn, with none given up while it waits', async () => {
    const table = await against((request, response) => {
      request.resume();
      setTimeout(() => response.writeHead(200, JSON_TYPE).end('{}'), 5);
    }, TIME_LIMITS);
    const reads = Array.from({ length: 300 }, () => table.get(KEY));
    expect((await Promise.allSettled(reads)).filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});

describe('the client of the SDK', () => {
  afterEach(() => vi.unstubAllEnvs());

  it('repeats as is written here, against what the environment says', async () => {
    vi.stubEnv('AWS_RETRY_MODE', 'adaptive');
    vi.stubEnv('AWS_MAX_ATTEMPTS', '9');
    const { config } = createDynamoClient('eu-central-1');
    const retryMode = config.retryMode;
    expect([
      typeof retryMode === 'function' ? await retryMode() : retryMode,
      await config.maxAttempts(),
    ]).toEqual(['standard', ATTEMPTS]);
  });

  it('asks in the region that it is given, and else in that of the environment', async () => {
    vi.stubEnv('AWS_REGION', 'eu-west-3');
    const regions = [createDynamoClient('eu-central-1'), createDynamoClient()].map(({ config }) =>
      config.region(),
    );
    expect(await Promise.all(regions)).toEqual(['eu-central-1', 'eu-west-3']);
  });
});
