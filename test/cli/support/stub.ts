/** A server on loopback that plays a deployment or an issuer: it sends the given replies, and records the requests. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StubRequest {
  readonly line: string;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface StubAnswer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
  /** In the place of `json`. */
  readonly text?: string;
}

/** undefined: the connection is broken off. */
export type Reply = (request: StubRequest) => Promise<StubAnswer | undefined> | StubAnswer | undefined;

export const METADATA = 'GET /.well-known/oauth-authorization-server';
export const TOKEN_ENDPOINT = 'POST /token';

export class Stub {
  readonly requests: StubRequest[] = [];
  readonly #server: Server;
  /** By `METHOD /path`; a request that none is for gets 404. */
  readonly replies: Record<string, Reply>;

  private constructor(replies: Record<string, Reply>) {
    this.replies = replies;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', async () => {
        const line = `${request.method} ${request.url}`;
        const got = { line, headers: request.headers, body: Buffer.concat(chunks).toString() };
        this.requests.push(got);
        const reply = this.replies[line.split('?', 1).join()];
        const answer = reply === undefined ? { status: 404 } : await reply(got);
        if (answer === undefined) return void request.socket.destroy();
        const { status = 200, headers = {}, json = {}, text = JSON.stringify(json) } = answer;
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(text);
      });
    });
  }

  static async open(replies: Record<string, Reply> = {}): Promise<Stub> {
    const stub = new Stub(replies);
    stub.#server.listen(0, '127.0.0.1');
    await once(stub.#server, 'listening');
    return stub;
  }

  /** One that plays a deployment with one registry, and its own issuer. */
  static async deployment(replies: Record<string, Reply> = {}): Promise<Stub> {
    const stub = await Stub.open();
    Object.assign(stub.replies, {
      [METADATA]: () => ({ json: stub.metadata() }),
      [TOKEN_ENDPOINT]: () => ({ json: newTokens('first') }),
      'GET /v1/identity': () => ({ json: IDENTITY }),
      'GET /oauth/token': () => ({ json: { token: 'an.access.token' } }),
      ...replies,
    });
    return stub;
  }

  /** What a deployment says of itself; overrides of undefined take a member away. */
  metadata(overrides: object = {}): object {
    return {
      issuer: this.url,
      pullpass_services: [{ name: 'registry.example', registry: 'registry.example:5000' }],
      pullpass_issuers: [
        { key: 'dev', issuer: 'https://iam.example', token_endpoint: `${this.url}/token`, client_id: 'cli' },
      ],
      ...overrides,
    };
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** The lines of the requests. */
  get lines(): string[] {
    return this.requests.map(({ line }) => line);
  }

  /** Everything that it was sent, and what base64 in it stands for. */
  get received(): string {
    const text = this.requests.map(request => JSON.stringify(request)).join('\n');
    const words = text.match(/[A-Za-z0-9+/_-]{8,}={0,2}/g) ?? [];
    return [text, ...words.map(word => Buffer.from(word, 'base64').toString('latin1'))].join('\n');
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }
}

/** Of a credential. */
export const CREDENTIAL_TIMES = { expiresAt: '2026-11-21T12:00:00Z', refreshAfter: '2026-11-21T11:00:00Z' };

/** A key as a deployment publishes it; nothing is signed with it. */
export const PUBLIC_KEY = { kty: 'EC', crv: 'P-256', x: 'AA', y: 'AA', kid: 'a', use: 'sig', alg: 'ES256' };

/** What an issuer answers; `name` is in both tokens. */
export function newTokens(name: string, overrides: object = {}): object {
  return {
    access_token: `${name}-access-token`,
    refresh_token: `${name}-refresh-token`,
    token_type: 'Bearer',
    expires_in: 3600,
    ...overrides,
  };
}

const IDENTITY = {
  kind: 'iambearer',
  issuer: 'dev',
  account: 'dev:acme',
  subject: 'dev:alice',
  strength: 'strong',
  expiresAt: null,
  roles: [{ role: 'administrator', repositories: null, source: 'configuration' }],
  workloadAudience: 'https://pullpass.example/accounts/0123456789abcdef',
};
