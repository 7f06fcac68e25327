/**
 * Posts over kept connections, one request at a time on each, under limits of time. HTTP/1.1 by hand: Node's own client takes three
 * times as long for it, a quarter of a login (docs/decisions/052-http-by-hand.md).
 */

import { connect, isIP, type Socket } from 'node:net';
import type { Received } from './protocols.ts';
import { type Response, ResponseReader } from './response.ts';

/** How long is waited, in milliseconds. */
export interface TimeLimits {
  /** For a new connection. */
  readonly connectionMs: number;
  /** For one request. */
  readonly requestMs: number;
}

export const TIME_LIMITS: TimeLimits = { connectionMs: 300, requestMs: 800 };

/** Connections, and calls under way: one that waited for a connection would spend its time limits waiting. */
export const MAX_CALLS = 50;

/** Rejects when the answer does not arrive in full: with `TimeoutError` when a limit has passed. */
export type Post = (
  headers: Readonly<Record<string, string>>,
  body: string,
  signal: AbortSignal | undefined,
) => Promise<Received>;

/** One request, until it is answered or has failed. */
interface Call {
  readonly text: string;
  readonly encoding: 'latin1' | 'utf8';
  readonly resolve: (received: Received) => void;
  readonly reject: (error: Error) => void;
  connection?: Connection;
}

/** Posts to one URL. A request whose connections are all taken waits for its turn before its time limits begin. */
export function connectionPool(url: URL, limits: TimeLimits = TIME_LIMITS): Post {
  const start = `POST ${url.pathname}${url.search} HTTP/1.1\r\nhost: ${url.host}\r\n`;
  const open = opener(url);
  const idle: Connection[] = [];
  const waiting = new Set<Call>();
  let busy = 0;

  function begin(call: Call): void {
    // The one that was used last: the others may have grown old.
    const free = idle.pop();
    if (free === undefined && busy === MAX_CALLS) {
      waiting.add(call);
      return;
    }
    busy++;
    call.connection = free ?? new Connection(open, limits, { released, closed });
    call.connection.send(call);
  }

  function released(connection: Connection, mayServe: boolean): void {
    busy--;
    if (mayServe) idle.push(connection);
    const [next] = waiting;
    if (next === undefined) return;
    waiting.delete(next);
    begin(next);
  }

  function closed(connection: Connection): void {
    const index = idle.indexOf(connection);
    if (index >= 0) idle.splice(index, 1);
  }

  return (headers, body, signal) => {
    const { promise, resolve, reject } = Promise.withResolvers<Received>();
    const length = Buffer.byteLength(body);
    const text = `${start}${fieldsOf(headers)}content-length: ${length}\r\n\r\n${body}`;
    // The header is ASCII, and so is a body that has as many bytes as characters: nothing is to be encoded.
    const call: Call = { text, encoding: length === body.length ? 'latin1' : 'utf8', resolve, reject };
    const abandon = () => {
      const error = Object.assign(new Error('the call was abandoned'), { name: 'AbortError' });
      waiting.delete(call);
      reject(error);
      call.connection?.abandon(call, error);
    };
    if (signal?.aborted) abandon();
    else begin(call);
    signal?.addEventListener('abort', abandon, { once: true });
    return promise;
  };
}

/** A line break would begin another header, or another request. */
const FORBIDDEN = /[^\x20-\x7e]/;

function fieldsOf(headers: Readonly<Record<string, string>>): string {
  let text = '';
  for (const name in headers) {
    const value = headers[name] ?? '';
    if (FORBIDDEN.test(value)) throw new TypeError(`the header ${name} holds what no header may`);
    if (name !== 'host') text += `${name}: ${value}\r\n`;
  }
  return text;
}

interface Keeper {
  /** Takes the connection back after a call. */
  released(connection: Connection, mayServe: boolean): void;
  closed(connection: Connection): void;
}

class Connection {
  readonly #keeper: Keeper;
  readonly #socket: Socket;
  readonly #reader = new ResponseReader();
  #timer: NodeJS.Timeout;
  #call: Call | undefined;

  constructor(open: Opener, { connectionMs, requestMs }: TimeLimits, keeper: Keeper) {
    const connected = () => {
      clearTimeout(this.#timer);
      this.#timer = this.#limit(requestMs);
    };
    const end = () =>
      this.#fail(Object.assign(new Error('the connection was closed'), { code: 'ECONNRESET' }));
    this.#keeper = keeper;
    this.#socket = open(connected, bytes => this.#read(bytes));
    this.#socket
      .on('error', error => this.#fail(error))
      .on('end', end)
      .on('close', end);
    this.#timer = this.#limit(connectionMs);
  }

  /** The limit counts from here, or from the connection on: for the whole answer, so that one that trickles is given up too. */
  send(call: Call): void {
    this.#call = call;
    this.#timer.refresh();
    this.#socket.ref().write(call.text, call.encoding);
  }

  abandon(call: Call, error: Error): void {
    if (call === this.#call) this.#fail(error);
  }

  /** One timer for all calls: after the last one it goes off too, and ends nothing. */
  #limit(ms: number): NodeJS.Timeout {
    const error = () => Object.assign(new Error(`no answer within ${ms} ms`), { name: 'TimeoutError' });
    const giveUp = (call?: Call) => call && this.abandon(call, error());
    // A function that was frozen wakes up with its time over, and its answer may be there: it is read first.
    return setTimeout(() => setImmediate(giveUp, this.#call), ms).unref();
  }

  #read(bytes: Buffer): void {
    try {
      // What came for nothing could be taken for the answer to the next call.
      if (this.#call === undefined) throw new Error('an answer to nothing');
      const response = this.#reader.read(bytes);
      if (response !== undefined) this.#end(this.#call, response);
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  #end(call: Call, { status, body, isLast }: Response): void {
    this.#call = undefined;
    if (isLast) this.#socket.destroy();
    else this.#socket.unref();
    this.#keeper.released(this, !isLast);
    call.resolve({ status, body });
  }

  #fail(error: Error): void {
    const call = this.#call;
    this.#call = undefined;
    clearTimeout(this.#timer);
    this.#socket.destroy();
    if (call === undefined) this.#keeper.closed(this);
    else this.#keeper.released(this, false);
    call?.reject(error);
  }
}

/** `data` gets bytes that are overwritten afterwards. */
type Opener = (connected: () => void, data: (bytes: Buffer) => void) => Socket;

const BUFFER_BYTES = 16_384;

/** Opens connections to the host of a URL. Those by TLS go on with the session of the last one. */
function opener({ protocol, hostname, port }: URL): Opener {
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  const isTls = protocol === 'https:';
  const to = { host, port: Number(port) || (isTls ? 443 : 80), noDelay: true, keepAlive: true };
  let session: Buffer | undefined;
  return (connected, data) => {
    const callback = (length: number, bytes: Uint8Array) => {
      data((bytes as Buffer).subarray(0, length));
      return true;
    };
    const options = { ...to, onread: { buffer: Buffer.allocUnsafeSlow(BUFFER_BYTES), callback } };
    if (!isTls) return connect(options).once('connect', connected);
    // Loaded here, because nothing on one machine needs it.
    const tls = process.getBuiltinModule('node:tls');
    const servername = isIP(host) === 0 ? host : '';
    return tls
      .connect({ ...options, servername, ALPNProtocols: ['http/1.1'], session })
      .on('session', latest => {
        session = latest;
      })
      .once('secureConnect', connected);
  };
}
