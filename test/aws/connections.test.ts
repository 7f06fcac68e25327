/** Kept connections: which are used again, which never, and what cannot be sent over them. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';
import { connectionPool, MAX_CALLS, type Post } from '../../lib/aws/connections.ts';

const ANSWER = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}';
const LIMITS = { connectionMs: 500, requestMs: 500 };
let server: Server | undefined;
const sockets = new Set<Socket>();
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  sockets.clear();
  server?.close();
});

/** Posts to a server that does this with each request that arrives. */
async function serve(answer: (socket: Socket, request: string) => void): Promise<Post> {
  server = createServer(socket => {
    sockets.add(socket);
    socket.on('error', () => undefined).on('data', bytes => answer(socket, bytes.toString('latin1')));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return connectionPool(new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`), LIMITS);
}

const post = (to: Post, signal?: AbortSignal) => to({ 'x-a': 'b' }, '{"é":1}', signal);

it('sends one head and the bytes of the body', async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const to = await serve((socket, request) => {
    resolve(request);
    socket.write(ANSWER);
  });
  expect(await post(to)).toEqual({ status: 200, body: '{}' });
  const [head = '', body] = (await promise).split('\r\n\r\n');
  expect(head.replace(/127.0.0.1:\d+/, 'HOST').split('\r\n')).toEqual([
    ...['POST / HTTP/1.1', 'host: HOST', 'x-a: b', 'content-length: 8'],
  ]);
  expect(Buffer.from(body ?? '', 'latin1').toString()).toBe('{"é":1}');
});

it.each(['a\r\nx-b: c', 'a\nb', 'a\0', 'é'])('sends no header with %j', async value => {
  const to = await serve(socket => socket.write(ANSWER));
  expect(() => to({ 'x-a': value }, '{}', undefined)).toThrow(TypeError);
  expect(sockets.size).toBe(0);
});

it.each([
  ['that says it closes', (socket: Socket) => socket.end(ANSWER.replace('OK', 'OK\r\nconnection: close'))],
  ['on which more came than was asked for', (socket: Socket) => socket.write(ANSWER + ANSWER)],
  [
    'on which something comes later',
    (socket: Socket) => socket.write(ANSWER, () => setTimeout(() => socket.write(ANSWER), 5)),
  ],
  [
    'that was closed later',
    (socket: Socket) => socket.write(ANSWER, () => setTimeout(() => socket.end(), 5)),
  ],
  [
    'that was broken later',
    (socket: Socket) => socket.write(ANSWER, () => setTimeout(() => socket.resetAndDestroy(), 5)),
  ],
])('a connection %s is not used again', async (_, answer) => {
  const to = await serve(answer);
  await post(to);
  await new Promise(resolve => setTimeout(resolve, 30));
  expect(await post(to)).toEqual({ status: 200, body: '{}' });
  expect(sockets.size).toBe(2);
});

it('a connection with an answer that is none ends its call, and is not used again', async () => {
  const answers = ['HTTP/1.1 200 OK\r\n\r\n', ANSWER];
  const to = await serve(socket => socket.write(answers.shift() ?? ''));
  await expect(post(to)).rejects.toMatchObject({ code: 'EPROTO' });
  expect(await post(to)).toEqual({ status: 200, body: '{}' });
  expect(sockets.size).toBe(2);
});

it('a connection that ends in the middle of an answer ends its call', async () => {
  const to = await serve(socket => socket.end(ANSWER.slice(0, -1)));
  await expect(post(to)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('a call that is given up while it waits is not sent, and the others are', async () => {
  let requests = 0;
  const to = await serve(socket => {
    requests++;
    setTimeout(() => socket.write(ANSWER), 30);
  });
  const calls = Array.from({ length: MAX_CALLS }, () => post(to));
  const givenUp = post(to, AbortSignal.timeout(5));
  const last = post(to);
  await expect(givenUp).rejects.toMatchObject({ name: 'AbortError' });
  await Promise.all([...calls, last]);
  expect(requests).toBe(MAX_CALLS + 1);
  expect(sockets.size).toBe(MAX_CALLS);
});

it('a call that is given up before it begins is not sent', async () => {
  const to = await serve(socket => socket.write(ANSWER));
  await expect(post(to, AbortSignal.abort())).rejects.toMatchObject({ name: 'AbortError' });
  expect(sockets.size).toBe(0);
});
