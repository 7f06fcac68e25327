/** A closed loop of keep-alive connections that costs as little as it can, so that the server is what is measured. */
import { connect, type Socket } from 'node:net';

export interface Load {
  readonly port: number;
  /** Sent in turn, over and over. */
  readonly requests: readonly string[];
  readonly connections?: number;
  /** When to stop: after so many milliseconds, or so many requests, whichever comes first. */
  readonly forMs: number;
  readonly operations?: number;
}

export interface LoadResult {
  readonly operations: number;
  readonly latenciesMs: readonly number[];
}

const CONNECTIONS = 8;
const HEAD_END = '\r\n\r\n';
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** Drives the load until its end. Throws for any answer but 200: a bench of failures would look splendid. */
export async function load(options: Load): Promise<LoadResult> {
  const { connections = CONNECTIONS, forMs, operations = Number.POSITIVE_INFINITY, requests } = options;
  const latenciesMs: number[] = [];
  const end = performance.now() + forMs;
  let sent = 0;
  const next = () => {
    const more = sent < operations && performance.now() < end;
    return more ? requests[sent++ % requests.length] : undefined;
  };
  const sockets = Array.from({ length: connections }, () => connect(options.port, '127.0.0.1'));
  try {
    await Promise.all(sockets.map(socket => drive(socket, next, latenciesMs)));
  } finally {
    for (const socket of sockets) socket.destroy();
  }
  return { operations: latenciesMs.length, latenciesMs };
}

function drive(socket: Socket, next: () => string | undefined, latenciesMs: number[]): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let begun = 0;
  let received = '';
  const send = () => {
    const request = next();
    if (request === undefined) return resolve();
    begun = performance.now();
    received = '';
    socket.write(request);
  };
  socket.setNoDelay(true).setEncoding('latin1');
  socket.on('data', (chunk: string) => {
    received += chunk;
    if (!isComplete(received)) return;
    if (!/^HTTP\/1\.1 20[01] /.test(received)) return reject(new Error(`an answer was: ${received}`));
    latenciesMs.push(performance.now() - begun);
    send();
  });
  socket
    .once('connect', send)
    .once('error', reject)
    .once('close', () => reject(new Error('connection closed')));
  return promise;
}

function isComplete(received: string): boolean {
  const head = received.indexOf(HEAD_END);
  if (head < 0) return false;
  const [, length] = LENGTH.exec(received) ?? [];
  if (length === undefined) throw new Error(`an answer without length: ${received}`);
  return received.length >= head + HEAD_END.length + Number(length);
}
