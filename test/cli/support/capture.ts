/** A foreign server: it sends the given replies, and records every byte that it gets. */
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';

/** What it says once it has read the head of a request. */
export type Reply = (head: string) => string;

export class CaptureServer {
  readonly #server: Server;
  readonly #chunks: Buffer[] = [];
  readonly #sockets = new Set<Socket>();

  private constructor(reply: Reply) {
    this.#server = createServer(socket => this.#keep(socket, reply));
  }

  /** At a free port, unless one is given. */
  static async open(reply: Reply, port = 0): Promise<CaptureServer> {
    const capture = new CaptureServer(reply);
    await new Promise<void>(resolve => capture.#server.listen(port, '127.0.0.1', resolve));
    return capture;
  }

  /** `127.0.0.1:port`. */
  get address(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Everything that was sent. */
  get received(): string {
    return Buffer.concat(this.#chunks).toString('latin1');
  }

  /** Those of the texts that were sent: as they are, escaped for URLs, or in base64. */
  found(texts: readonly string[]): string[] {
    const words = this.received.match(/[A-Za-z0-9+/_-]{8,}={0,2}/g) ?? [];
    const decoded = words.map(word => Buffer.from(word, 'base64').toString('latin1'));
    const all = [this.received, unescaped(this.received), ...decoded].join('\n');
    return texts.filter(text => all.includes(text));
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise<void>(resolve => this.#server.close(() => resolve()));
  }

  #keep(socket: Socket, reply: Reply): void {
    this.#sockets.add(socket);
    let head = '';
    socket.on('error', () => undefined);
    socket.on('data', chunk => {
      this.#chunks.push(chunk);
      head += chunk.toString('latin1');
      // The first byte of a TLS record.
      if (head.startsWith('\x16')) socket.destroy();
      if (!head.includes('\r\n\r\n')) return;
      socket.write(reply(head));
      head = '';
    });
  }
}

/** An answer without a body, which ends the connection. */
export function reply(status: string, headers: Readonly<Record<string, string>> = {}): string {
  const fields = Object.entries({ ...headers, 'content-length': '0', connection: 'close' });
  return `HTTP/1.1 ${status}\r\n${fields.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
}

function unescaped(text: string): string {
  return text.replaceAll(/%[0-9A-Fa-f]{2}/g, code => String.fromCharCode(Number.parseInt(code.slice(1), 16)));
}
