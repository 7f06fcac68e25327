/** A client that writes any bytes to a socket, and reads what comes back as HTTP. */
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
  readonly json: any;
}

const PATIENCE_MS = 5_000;

export class RawClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #isClosed = false;

  /** From another address of this machine, if one is given. */
  constructor(port: number, localAddress = '127.0.0.1') {
    this.#socket = connect({ port, host: '127.0.0.1', localAddress });
    this.#socket.on('data', chunk => {
      this.#received = Buffer.concat([this.#received, chunk]);
    });
    this.#socket.on('error', () => undefined);
    this.#socket.on('close', () => {
      this.#isClosed = true;
    });
  }

  write(bytes: string | Uint8Array): this {
    this.#socket.write(bytes);
    return this;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** Reads nothing more, so that answers pile up at the server; nor does it see that the server closes. */
  pause(): this {
    this.#socket.pause();
    return this;
  }

  resume(): this {
    this.#socket.resume();
    return this;
  }

  /** Says that nothing more will come. */
  end(): void {
    this.#socket.end();
  }

  /** Goes away without a word. */
  abort(): void {
    this.#socket.resetAndDestroy();
  }

  /** The next answer; one to HEAD has no body. Throws when none comes. */
  async answer(method = 'GET'): Promise<RawAnswer> {
    for (let waited = 0; waited < PATIENCE_MS; waited += 5) {
      const answer = this.#take(method);
      if (answer !== undefined) return answer;
      if (this.#isClosed) throw new Error('the connection was closed without an answer');
      await sleep(5);
    }
    throw new Error('no answer');
  }

  /** Waits until the server has closed the connection. */
  async closed(): Promise<true> {
    for (let waited = 0; waited < PATIENCE_MS && !this.#isClosed; waited += 5) await sleep(5);
    if (!this.#isClosed) throw new Error('the connection stays open');
    return true;
  }

  #take(method: string): RawAnswer | undefined {
    const end = this.#received.indexOf('\r\n\r\n');
    if (end < 0) return undefined;
    const [line = '', ...fields] = this.#received.subarray(0, end).toString('latin1').split('\r\n');
    const headers = Object.fromEntries(
      fields.map(field => [
        field.slice(0, field.indexOf(':')).toLowerCase(),
        field.slice(field.indexOf(':') + 1).trim(),
      ]),
    );
    const length = method === 'HEAD' ? 0 : Number(headers['content-length'] ?? 0);
    const start = end + 4;
    if (this.#received.length < start + length) return undefined;
    const body = this.#received.subarray(start, start + length).toString();
    this.#received = this.#received.subarray(start + length);
    const json = headers['content-type']?.includes('json') && body !== '' ? JSON.parse(body) : undefined;
    return { status: Number(line.split(' ')[1]), headers, body, json };
  }
}
