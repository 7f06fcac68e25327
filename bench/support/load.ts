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
  /** The answers that are expected; by default only 200 and 201: a bench of failures would look splendid. */
  readonly expected?: RegExp;
  /** Whether the server may close a connection instead of answering, which is no success. */
  readonly mayClose?: boolean;
}

export interface LoadResult {
  readonly operations: number;
  /** Those with a status of 200 or 201. */
  readonly successes: number;
  readonly latenciesMs: readonly number[];
}

const CONNECTIONS = 8;
const HEAD_END = '\r\n\r\n';
const SUCCESS = /^HTTP\/1\.1 20[01] /;
/** A server that closes connections costs a new one for each request. */
const CLOSES = /\r\nconnection: close/i;
const LENGTH = /\r\ncontent-length: (\d+)/i;

/** Drives the load until its end. Throws for an answer that is not expected. */
export async function load(options: Load): Promise<LoadResult> {
  const { connections = CONNECTIONS, forMs, operations = Number.POSITIVE_INFINITY, requests } = options;
  const latenciesMs: number[] = [];
  let successes = 0;
  const end = performance.now() + forMs;
  let sent = 0;
  const next = () => {
    const more = sent < operations && performance.now() < end;
    return more ? requests[sent++ % requests.length] : undefined;
  };
  const note = (latencyMs: number, isSuccess: boolean) => {
    latenciesMs.push(latencyMs);
    if (isSuccess) successes++;
  };
  const drivers = Array.from({ length: connections }, () => drive(options, next, note));
  try {
    await Promise.all(drivers.map(({ done }) => done));
  } finally {
    for (const { stop } of drivers) stop();
  }
  return { operations: latenciesMs.length, successes, latenciesMs };
}

interface Driver {
  readonly done: Promise<void>;
  stop(): void;
}

function drive(
  { port, expected = SUCCESS, mayClose = false }: Load,
  next: () => string | undefined,
  note: (latencyMs: number, isSuccess: boolean) => void,
): Driver {
  const { promise: done, resolve, reject } = Promise.withResolvers<void>();
  let socket: Socket;
  let begun = 0;
  let received = '';
  const send = () => {
    const request = next();
    if (request === undefined) return resolve();
    begun = performance.now();
    received = '';
    socket.write(request, 'latin1');
  };
  const receive = (chunk: string) => {
    received += chunk;
    if (!isComplete(received)) return;
    if (!expected.test(received)) return reject(new Error(`an answer was: ${received}`));
    note(performance.now() - begun, SUCCESS.test(received));
    if (!CLOSES.test(received)) return send();
    reopen();
  };
  // Without its listeners: a connection that is given up must not be opened again.
  const stop = () => {
    socket
      .removeAllListeners()
      .on('error', () => {})
      .destroy();
  };
  const reopen = () => {
    stop();
    open();
  };
  const open = () => {
    socket = connect(port, '127.0.0.1').setNoDelay(true).setEncoding('latin1');
    const fail = (error: Error) => {
      if (!mayClose) return reject(error);
      note(performance.now() - begun, false);
      reopen();
    };
    socket
      .on('data', receive)
      .once('connect', send)
      .once('error', fail)
      .once('close', () => fail(new Error('connection closed')));
  };
  open();
  return { done, stop };
}

function isComplete(received: string): boolean {
  const head = received.indexOf(HEAD_END);
  if (head < 0) return false;
  const [, length] = LENGTH.exec(received) ?? [];
  if (length === undefined) throw new Error(`an answer without length: ${received}`);
  return received.length >= head + HEAD_END.length + Number(length);
}
