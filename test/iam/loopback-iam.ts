/** An IAM on loopback that a test controls: it counts what reaches it, and fails in the ways that real ones do. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import type { Issuer, Issuers } from '../../lib/domain/identity.ts';
import { LoopbackServer } from './loopback-server.ts';

export const FAULTS = [
  'refused',
  'reset',
  'hang',
  'drip',
  'garbage',
  'redirect',
  '429',
  '500',
  'oversize',
] as const;
export type Fault = (typeof FAULTS)[number];
type Route = 'keys' | 'token';

export class LoopbackIam extends LoopbackServer {
  /** What the key set holds. */
  keys: unknown[] = [];
  /** Answers an exchange: an access token, or undefined for a 400. */
  exchange: (apiKey: string) => Promise<string | undefined> = async () => undefined;
  /** The secrets of its client that it takes; undefined: any, or none. */
  clientSecrets: readonly string[] | undefined;
  /** Members of the answer to an exchange, beside the access token. */
  more: object = {};
  /** The exchanges that it was asked for. */
  readonly exchanges: { form: Record<string, string>; authorization: string | undefined }[] = [];
  readonly faults: Record<Route, Fault | undefined> = { keys: undefined, token: undefined };
  readonly requests: Record<Route | 'elsewhere', number> = { keys: 0, token: 0, elsewhere: 0 };

  issuer(overrides: Partial<Issuer> = {}): Issuer {
    return {
      key: 'test',
      issuer: 'https://iam.example/identity',
      keysUrl: `${this.url}/keys`,
      tokenUrl: `${this.url}/token`,
      client: null,
      audience: 'https://pullpass.example',
      claims: { subject: 'iam_id', account: 'account.bss' },
      ...overrides,
    };
  }

  async setFault(route: Route, fault: Fault | undefined): Promise<void> {
    const wasRefused = this.faults[route] === 'refused';
    this.faults[route] = fault;
    if (fault === 'refused') await this.close();
    else if (wasRefused) await this.open();
  }

  protected override async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const route = request.url === '/keys' ? 'keys' : request.url === '/token' ? 'token' : undefined;
    this.requests[route ?? 'elsewhere'] += 1;
    if (route === undefined) return void response.end(JSON.stringify({ keys: this.keys }));
    const body = await text(request);
    const fault = this.faults[route];
    if (fault !== undefined) return this.#fail(fault, response);
    if (route === 'keys') return void response.end(JSON.stringify({ keys: this.keys }));
    const form = Object.fromEntries(new URLSearchParams(body));
    this.exchanges.push({ form, authorization: request.headers.authorization });
    const [, given = ''] = Buffer.from(request.headers.authorization?.split(' ')[1] ?? '', 'base64')
      .toString()
      .split(':');
    if (this.clientSecrets?.includes(given) === false)
      return void response.writeHead(401).end('{"error":"invalid_client"}');
    const token = await this.exchange(form.apikey ?? '');
    if (token === undefined) response.writeHead(400).end('{"errorMessage":"UPSTREAM-TEXT"}');
    else response.end(JSON.stringify({ access_token: token, expires_in: 3600, ...this.more }));
  }

  /** Where the status is the fault, the body is a perfect one. */
  #fail(fault: Fault, response: ServerResponse): void {
    const body = { keys: this.keys, access_token: 'a', error: 'UPSTREAM-TEXT' };
    const redirect = { location: `${this.url}/elsewhere` };
    if (fault === 'reset' || fault === 'refused') response.destroy();
    if (fault === 'garbage') response.end('<html>UPSTREAM-TEXT</html>');
    if (fault === 'redirect') response.writeHead(302, redirect).end(JSON.stringify(body));
    if (fault === '429' || fault === '500') response.writeHead(Number(fault)).end(JSON.stringify(body));
    if (fault === 'oversize') response.end(JSON.stringify({ ...body, filler: 'x'.repeat(200_000) }));
    if (fault !== 'drip') return;
    const timer = setInterval(() => response.write(' '), 50);
    response.on('close', () => clearInterval(timer));
  }
}

/** A configuration of these IAMs and nothing else. */
export function only(...iam: readonly Issuer[]): { issuers: Issuers; publicUrl: string } {
  return { issuers: { iam, aws: null, workloads: [] }, publicUrl: 'https://pullpass.example' };
}
