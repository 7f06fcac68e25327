/** A private authority, made by openssl as companies make theirs, and a server that it certifies in front of a plain one. */
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer, type Server } from 'node:tls';

const NEW_KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

export class PrivateAuthority {
  readonly directory: string;
  /** Its certificate, in PEM. */
  readonly file: string;
  readonly #servers: { server: Server; sockets: Set<Socket> }[] = [];

  private constructor(directory: string) {
    this.directory = directory;
    this.file = join(directory, 'authority.pem');
  }

  static async open(): Promise<PrivateAuthority> {
    const authority = new PrivateAuthority(await mkdtemp(join(tmpdir(), 'pullpass-authority-')));
    authority.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      '-keyout',
      'authority.key',
      '-out',
      'authority.pem',
      '-subj',
      '/CN=Corp',
    );
    return authority;
  }

  #openssl(...args: string[]): void {
    execFileSync('openssl', args, { cwd: this.directory, stdio: 'pipe' });
  }

  /** The key and certificate for these names and addresses. */
  async certify(...names: string[]): Promise<{ key: Buffer; cert: Buffer }> {
    const kinds = names.map(name => (/^[\d.]+$/.test(name) ? `IP:${name}` : `DNS:${name}`));
    const by = ['-CA', 'authority.pem', '-CAkey', 'authority.key'];
    const subject = ['-subj', '/CN=server', '-addext', `subjectAltName=${kinds.join()}`];
    this.#openssl(
      'req',
      '-x509',
      ...NEW_KEY,
      ...by,
      '-keyout',
      'server.key',
      '-out',
      'server.pem',
      ...subject,
    );
    const [key, cert] = await Promise.all(
      ['server.key', 'server.pem'].map(name => readFile(join(this.directory, name))),
    );
    return { key: key as Buffer, cert: cert as Buffer };
  }

  /** Ends TLS for these names in front of a plain server of this machine. Answers the port. */
  async front(plainUrl: string, ...names: string[]): Promise<number> {
    const { hostname, port } = new URL(plainUrl);
    const sockets = new Set<Socket>();
    const server = createServer(await this.certify(...names), socket => {
      const plain = connect(Number(port), hostname);
      for (const each of [socket, plain]) sockets.add(each.on('error', () => undefined));
      socket.pipe(plain).pipe(socket);
    });
    server.on('tlsClientError', () => undefined);
    this.#servers.push({ server, sockets });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    for (const { server, sockets } of this.#servers) {
      server.close();
      for (const socket of sockets) socket.destroy();
    }
    await rm(this.directory, { recursive: true });
  }
}
