/** A development IAM in a throw-away directory, on a real loopback port, and how tests speak to it. */
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { HttpEvent, HttpResult } from '../../../lib/http/request.ts';
import { API_KEY_GRANT } from '../../../lib/iam/token-endpoint.ts';
import { type DevelopmentIam, developmentIam } from '../../../local/development-iam/development-iam.ts';

export const PUBLIC_URL = 'https://pullpass.example';
/** The frozen time of these tests; `TestIam.nowMs` moves on from it. */
export const START_MS = 1_790_000_000_000;

interface Sent {
  readonly body?: string;
  readonly headers?: Record<string, string>;
}

export class TestIam {
  nowMs = START_MS;
  readonly directory: string;
  readonly keyFile: string;
  iam: DevelopmentIam | undefined;
  readonly #server = createServer(async (request, response) => {
    const headers = request.headers as Record<string, string>;
    const { statusCode, ...rest } = await this.send(`${request.method} ${request.url}`, {
      headers,
      body: await text(request),
    });
    response.writeHead(statusCode ?? 500, rest.headers as Record<string, string>).end(rest.body);
  });

  private constructor(directory: string) {
    this.directory = join(directory, 'iam');
    this.keyFile = join(directory, 'administrator.apikey');
  }

  static async start(): Promise<TestIam> {
    const test = new TestIam(await mkdtemp(join(tmpdir(), 'pullpass-iam-')));
    test.#server.listen(0, '127.0.0.1');
    await once(test.#server, 'listening');
    await test.restart();
    return test;
  }

  /** Opens the same directory again, as a new process would. */
  async restart(): Promise<void> {
    this.iam = await developmentIam({
      directory: this.directory,
      publicUrl: PUBLIC_URL,
      internalUrl: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`,
      administratorKeyFile: this.keyFile,
      now: () => this.nowMs,
      randomBytes,
    });
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await rm(join(this.directory, '..'), { recursive: true });
  }

  async send(line: string, { body, headers = {} }: Sent = {}): Promise<HttpResult> {
    const [method = '', rawPath = ''] = line.split(' ');
    const event = {
      rawPath,
      rawQueryString: '',
      headers,
      body,
      isBase64Encoded: false,
      requestContext: { requestId: 'request-1', http: { method, sourceIp: '127.0.0.1' } },
    };
    if (this.iam === undefined) throw new Error('not started');
    return await this.iam.handler(event as unknown as HttpEvent);
  }

  async grant(form: Record<string, string>): Promise<HttpResult> {
    return await this.send('POST /iam/identity/token', {
      headers: { 'content-type': 'application/x-www-form-urlencoded' },
      body: new URLSearchParams(form).toString(),
    });
  }

  async exchange(apikey: string): Promise<HttpResult> {
    return await this.grant({ grant_type: API_KEY_GRANT, apikey });
  }

  async createApiKey(administratorKey: string, body: unknown): Promise<HttpResult> {
    return await this.send('POST /iam/v1/apikeys', {
      headers: { authorization: basic(administratorKey), 'content-type': 'application/json' },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }
}

export function basic(apiKey: string): string {
  return `Basic ${btoa(`iamapikey:${apiKey}`)}`;
}

/** The JSON in an answer. */
export function json(result: HttpResult): Record<string, unknown> {
  return JSON.parse(result.body ?? 'null');
}
