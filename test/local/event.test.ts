/** A request of node:http as the event of a function: whichever way it is spelled, nothing of it is lost or counted twice. */
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpEvent } from '../../lib/http/request.ts';
import { clientAddresses } from '../../local/client-address.ts';
import { toEvent } from '../../local/event.ts';

/** The event of a request with these headers, as names and values in turn. */
async function eventOf(headers: readonly string[]): Promise<HttpEvent> {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage>();
  const server = createServer((received, response) => {
    resolve(received);
    response.end();
  });
  onTestFinished(() => void server.close());
  await new Promise<void>(listening => void server.listen(0, '127.0.0.1', listening));
  const { port } = server.address() as AddressInfo;
  request({ port, path: '/a?b', headers: ['Host', 'x', ...headers] }).end();
  return toEvent(await promise, Buffer.alloc(0), clientAddresses([]));
}

describe('the headers of an event', () => {
  it.each([
    ['one of each', ['A', '1', 'B', '2'], { a: '1', b: '2' }],
    ['an empty one', ['A', ''], { a: '' }],
    ['one that Node would drop', ['User-Agent', 'a', 'user-agent', 'b'], { 'user-agent': 'a,b' }],
    ['one that Node would join in another way', ['Cookie', 'a', 'Cookie', 'b'], { cookie: 'a,b' }],
    ['one that Node keeps as a list', ['Set-Cookie', 'a'], { 'set-cookie': 'a' }],
    ['others beside a repeated one', ['A', '1', 'X', 'a', 'X', 'b'], { a: '1', x: 'a,b' }],
    [
      'two with names of what every object has',
      ['toString', 'a', 'constructor', 'b'],
      { tostring: 'a', constructor: 'b' },
    ],
  ])('%s', async (_, headers, expected) => {
    const { host, connection, ...found } = (await eventOf(headers)).headers;
    expect([host, found]).toEqual(['x', expected]);
  });

  it('one that is named as the prototype of objects is a header', async () => {
    const { headers } = await eventOf(['__proto__', 'a']);
    expect(Object.entries(headers)).toContainEqual(['__proto__', 'a']);
    expect(Object.getPrototypeOf(headers)).toBe(Object.prototype);
  });
});
