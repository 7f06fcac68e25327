/** A server on loopback that can be closed and opened again at the same address. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export abstract class LoopbackServer {
  connections = 0;
  readonly #server = createServer((request, response) => void this.answer(request, response)).on(
    'connection',
    () => {
      this.connections += 1;
    },
  );
  #port = 0;

  protected abstract answer(request: IncomingMessage, response: ServerResponse): Promise<void>;

  async open(): Promise<this> {
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }
}
