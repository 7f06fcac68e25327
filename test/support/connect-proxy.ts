/** A proxy of the real kind (RFC 9110 section 9.3.6): it tunnels what CONNECT asks for, to the names that it alone knows. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { type AddressInfo, connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';

interface ProxyOptions {
  /** The port of this machine that is reached by a name. */
  readonly names?: Readonly<Record<string, number>>;
  /** `user:password`; without it everyone may use the proxy. */
  readonly login?: string;
  /** What every CONNECT is answered with, in the place of a tunnel. */
  readonly refuses?: string;
  /** For a proxy that is itself asked over TLS. */
  readonly tls?: { readonly key: Buffer; readonly cert: Buffer };
}

export class ConnectProxy {
  /** The targets of every CONNECT, and the lines of every other request. */
  readonly asked: string[] = [];
  /** The last `Proxy-Authorization`. */
  authorization: string | undefined;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();
  readonly #scheme: string;

  private constructor(options: ProxyOptions) {
    this.#scheme = options.tls === undefined ? 'http' : 'https';
    this.#server = options.tls === undefined ? createServer() : createTlsServer(options.tls);
    this.#server.on('request', (request, response) => {
      this.asked.push(`${request.method} ${request.url}`);
      response.writeHead(501).end();
    });
    this.#server.on('connect', (request, socket, head) => this.#tunnel(options, request, socket, head));
    this.#server.on('connection', (socket: Socket) => this.#sockets.add(socket));
  }

  static async open(options: ProxyOptions = {}): Promise<ConnectProxy> {
    const proxy = new ConnectProxy(options);
    await once(proxy.#server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get url(): string {
    return `${this.#scheme}://127.0.0.1:${this.port}`;
  }

  #tunnel(options: ProxyOptions, request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { names = {}, login, refuses } = options;
    const target = request.url ?? '';
    this.asked.push(target);
    this.authorization = request.headers['proxy-authorization'];
    socket.on('error', () => undefined);
    const isKnown =
      login === undefined || this.authorization === `Basic ${Buffer.from(login).toString('base64')}`;
    if (!isKnown)
      return void socket.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n');
    if (refuses !== undefined) return void socket.end(`HTTP/1.1 ${refuses}\r\ncontent-length: 0\r\n\r\n`);
    const [, host = '', port] = /^(.*):(\d+)$/.exec(target) ?? [];
    const upstream = connect(names[host] ?? Number(port), '127.0.0.1', () => {
      socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    this.#sockets.add(upstream.on('error', () => socket.destroy()));
  }

  async close(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, 'close');
  }
}
