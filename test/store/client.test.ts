import { randomBytes } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { PullpassError } from '../../lib/domain/errors.ts';
import { tokenStore } from '../../lib/store/token-store.ts';
import { clientOf } from '../support/engine.ts';
import { withServer } from '../support/interfere.ts';
import { ACCOUNT, aClaim, aRequest, aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { openTable } = useEngine();
let close: () => Promise<void> = async () => undefined;
afterEach(() => close());

async function against(answer: (request: IncomingMessage, response: ServerResponse) => void) {
  const server = await withServer(answer);
  close = server.close;
  const start = performance.now();
  const call = tokenStore({ ...server, randomBytes }).get(ACCOUNT, aToken().id, NOW);
  const error: unknown = await call.catch((thrown: unknown) => thrown);
  return { error, ms: performance.now() - start };
}

describe('a DynamoDB that', () => {
  it('hangs is given up after two requests, and they end', async () => {
    const aborted: Promise<unknown>[] = [];
    const { error, ms } = await against((request, response) => {
      request.resume();
      aborted.push(new Promise(resolve => response.once('close', resolve)));
    });
    expect(error).toMatchObject({ code: 'unavailable', details: { reason: 'store: TimeoutError' } });
    expect(ms).toBeGreaterThan(1500);
    expect(ms).toBeLessThan(2500);
    expect(aborted).toHaveLength(2);
    await Promise.all(aborted);
  });

  it('hangs in the middle of its answer is given up too', async () => {
    const { error, ms } = await against((_, response) => {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).write('{"Item":');
    });
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(ms).toBeLessThan(3000);
  });

  it('trickles without ever beginning its answer is given up too', async () => {
    const { error, ms } = await against(({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n');
      const drip = setInterval(() => socket.write('x: y\r\n'), 100);
      socket.once('close', () => clearInterval(drip));
    });
    expect(error).toMatchObject({ code: 'unavailable', details: { reason: 'store: TimeoutError' } });
    expect(ms).toBeLessThan(3000);
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
  ])('%s could not answer', async (_, status, body) => {
    const { error } = await against((request, response) => {
      request.resume();
      response.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(body);
    });
    expect(error).toBeInstanceOf(PullpassError);
    expect(error).toMatchObject({ code: 'unavailable', details: { cause: expect.any(Error) } });
  });

  it('is not there fails every method of every store, and is never a "no"', async () => {
    const { table } = await openTable();
    const client = clientOf({ endpoint: 'http://127.0.0.1:9', accessKeyId: 'id', secretAccessKey: 's' });
    const { tokens, logins, namespaces, requests, audits, expiry } = storesOn({ client, table });
    const record = aToken();
    const after = { ...record, version: 2 };
    const event = {
      act: 'a',
      handle: accountHandle(ACCOUNT),
      account: ACCOUNT,
      subject: ACCOUNT,
      target: 't',
      requestId: 'r',
      sourceAddress: 's',
    };
    const calls = [
      tokens.add(record),
      tokens.get(ACCOUNT, record.id, NOW),
      tokens.list(ACCOUNT, { limit: 1, now: NOW }),
      tokens.update(record, after, NOW),
      tokens.remove(record, NOW),
      logins.read({ namespaces: ['team-a'] }),
      namespaces.claim('team-a'),
      namespaces.writeClaim(undefined, aClaim()),
      namespaces.index(aClaim()),
      namespaces.unindex(aClaim()),
      namespaces.held(ACCOUNT),
      requests.begin(ACCOUNT, aRequest(), NOW),
      requests.finish(ACCOUNT, aRequest()),
      audits.record(event, NOW * 1000),
      expiry.page({ cutoff: NOW, candidatesUntil: NOW }, undefined),
      expiry.removeExpired({ pk: 'p', sk: 's' }, NOW),
      expiry.checkpoint(),
      expiry.saveCheckpoint({ cursor: 'x', report: undefined, reportedAt: undefined }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
    expect(await logins.touch(record, NOW)).toBeUndefined();
    client.destroy();
  });
});

describe('a burst', () => {
  it('of a thousand reads at once is answered in turn, with none given up while it waits', async () => {
    const { tokens } = storesOn(await openTable());
    const record = aToken();
    await tokens.add(record);
    const reads = Array.from({ length: 1000 }, () => tokens.get(ACCOUNT, record.id, NOW));
    const answers = await Promise.allSettled(reads);
    expect(answers.filter(({ status }) => status === 'rejected')).toEqual([]);
  });
});
