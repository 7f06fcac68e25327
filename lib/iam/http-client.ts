/** Requests to an issuer: how they connect; bounded in time and size, never redirected, behind a circuit breaker. */

import { type IncomingMessage, request as requestOverHttp } from 'node:http';
import { Agent, request as requestOverHttps } from 'node:https';
import { isIP } from 'node:net';
import { createSecureContext, type SecureContext } from 'node:tls';
import { unavailable } from '../domain/errors.ts';
import type { Breaker } from '../limits/breaker.ts';
import { allAuthorities, isUnknownAuthority, namedAuthorities } from '../network/authorities.ts';
import { type ProxyFor, readProxies } from '../network/proxies.ts';

const LOOPBACK: ReadonlySet<string> = new Set(['127.0.0.1', '[::1]', 'localhost']);

export interface BoundedRequest {
  readonly url: URL;
  /** Sent by POST; absent: the request is a GET. */
  readonly form?: URLSearchParams | Body;
  readonly headers?: Readonly<Record<string, string>>;
  readonly maxBytes: number;
  /** Aborts the request, and the reading of its answer. */
  readonly signal: AbortSignal;
  readonly connections: Connections;
}

/** A body of another kind than a form. */
export interface Body {
  readonly contentType: string;
  readonly text: string;
}

export interface BoundedResponse {
  readonly status: number;
  /** Empty: the answer has none. */
  readonly contentType: string;
  readonly body: Uint8Array;
}

/** An answer with more bytes than its reader accepts. */
class OversizeResponse extends Error {
  override readonly name = 'OversizeAnswer';
}

/** An endpoint of the configuration. Throws unless it is https, or http on this machine. */
export function endpoint(text: string): URL {
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.has(url.hostname));
  if (!isSafe || url.username !== '' || url.password !== '') {
    throw new TypeError('an endpoint is an https URL, or an http URL of this machine, without credentials');
  }
  return url;
}

/**
 * Sends the request and reads the answer, with any status. Throws `OversizeAnswer`, or what node says of the connection
 * or the signal.
 */
export async function boundedRequest(request: BoundedRequest): Promise<BoundedResponse> {
  const { connections, url } = request;
  const connection = connections.to(url);
  try {
    return await sendBy(connection, request);
  } catch (error) {
    if (!connections.mayRepeat(connection, error)) throw error;
    return await sendBy(connections.to(url), request);
  }
}

async function sendBy(
  connection: Connection,
  { url, form, headers, maxBytes, signal }: BoundedRequest,
): Promise<BoundedResponse> {
  const send = url.protocol === 'https:' ? requestOverHttps : requestOverHttp;
  const options = {
    method: form === undefined ? 'GET' : 'POST',
    headers: {
      accept: 'application/json',
      ...(form === undefined ? {} : { 'content-type': typeOf(form) }),
      ...headers,
    },
    // Otherwise Node checks the certificate against the Host header, which `headers` may set.
    servername: isIP(url.hostname) === 0 ? url.hostname : '',
    ...connection,
    signal,
  };
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // Node does not end the wait for the tunnel of a proxy.
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    send(url, options, resolve).on('error', reject).end(textOf(form));
  });
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? '',
    body: await readBody(response, maxBytes),
  };
}

function typeOf(form: URLSearchParams | Body): string {
  return form instanceof URLSearchParams ? 'application/x-www-form-urlencoded' : form.contentType;
}

function textOf(form: URLSearchParams | Body | undefined): string | undefined {
  return form instanceof URLSearchParams ? form.toString() : form?.text;
}

/** An error that leaves the loop destroys the response and its connection. */
async function readBody(response: IncomingMessage, maxBytes: number): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > maxBytes) throw new OversizeResponse(`an answer exceeds ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** The Retry-After of callers whose issuer did not answer. */
export const RETRY_AFTER_SECONDS = 5;

/**
 * Sends the request unless the breaker is open. Only a broken connection, a time-out and a 5xx count as failures, so that
 * bad requests of one caller do not stop others. Throws `unavailable` without an answer of the allowed size.
 */
export async function breakerRequest(
  request: BoundedRequest,
  breaker: Breaker,
  nowMs: number,
): Promise<BoundedResponse> {
  breaker.enter(nowMs);
  try {
    const answer = await boundedRequest(request);
    if (answer.status >= 500) breaker.failed(nowMs);
    else breaker.answered();
    return answer;
  } catch (error) {
    if (error instanceof OversizeResponse) breaker.answered();
    else breaker.failed(nowMs);
    throw unavailable('the exchange failed', { retryAfterSeconds: RETRY_AFTER_SECONDS, cause: error });
  }
}

/** What a request needs besides its URL. */
export interface Connection {
  /** false: a connection of its own, directly. */
  readonly agent: Agent | false;
  /** Absent: the authorities of Node alone. */
  readonly secureContext?: SecureContext;
  readonly timeout?: number;
}

/** A tunnel that does not come is not kept open for longer than anyone waits for an issuer. */
const TUNNEL_MS = 10_000;

/** Connects through the proxy of the environment, and with every authority that this machine trusts. */
export class Connections {
  readonly #variables: Readonly<Record<string, string | undefined>>;
  readonly #proxyFor: ProxyFor;
  #authorities: SecureContext | undefined;

  /** Throws VariableError for a variable that names no proxy, or no file of authorities. */
  constructor(variables: Readonly<Record<string, string | undefined>>) {
    this.#variables = variables;
    this.#proxyFor = readProxies(variables);
    // Read when it is needed; here only that it can be.
    namedAuthorities(variables);
  }

  /** A fresh connection each time: a pooled one may have died while the function was frozen. */
  to(url: URL): Connection {
    const proxy = this.#proxyFor(url);
    const secureContext = this.#authorities;
    return {
      ...(secureContext === undefined ? {} : { secureContext }),
      ...(proxy === undefined
        ? { agent: false }
        : { agent: new Agent({ proxyEnv: { https_proxy: proxy.url.href } }), timeout: TUNNEL_MS }),
    };
  }

  /**
   * Whether the connection failed because Node's own authorities do not know the server, so that a second one, with all
   * of this machine, may succeed. Nothing was sent then.
   */
  mayRepeat(failed: Connection, error: unknown): boolean {
    if (failed.secureContext !== undefined || !isUnknownAuthority(error)) return false;
    this.#authorities ??= createSecureContext({ ca: allAuthorities(this.#variables) });
    return true;
  }
}

/** Without any variable. */
export const DIRECT = new Connections({});
