/** The HTTP gateway of one machine: a node:http request becomes the event that a function gets on AWS. */
import { randomUUID } from 'node:crypto';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Context } from 'aws-lambda';
import { type ErrorCode, PullpassError } from '../lib/domain/errors.ts';
import { MAX_BODY_BYTES } from '../lib/http/body.ts';
import { encodeResponse, errorResponse } from '../lib/http/errors.ts';
import type { HttpEvent, HttpResult } from '../lib/http/request.ts';

/** Calls the function that serves the path. */
export type Invoke = (event: HttpEvent, context: Context) => Promise<HttpResult>;

export interface Gateway {
  readonly port: number;
  /** Takes no new requests, lets those under way end, and closes. */
  close(): Promise<void>;
}

/** Node refuses larger heads by itself; between the limit and this, the chain does. */
const MAX_PARSED_HEAD_BYTES = 16_384;
/** Read and thrown away, so that a client that still writes its body gets to read why it is refused. */
const MAX_DISCARDED_BYTES = 1024 * 1024;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const CHECKING_INTERVAL_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const CLOSE_PATIENCE_MS = 5_000;

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  /** How long a client may take to send a whole request. */
  readonly requestTimeoutMs?: number;
}

export async function startGateway(invoke: Invoke, options: GatewayOptions): Promise<Gateway> {
  const { host, port, requestTimeoutMs = REQUEST_TIMEOUT_MS } = options;
  const server = createServer(
    {
      maxHeaderSize: MAX_PARSED_HEAD_BYTES,
      headersTimeout: Math.min(HEADERS_TIMEOUT_MS, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECKING_INTERVAL_MS, requestTimeoutMs),
      keepAliveTimeout: KEEP_ALIVE_MS,
      // Node's own refusal of a request without Host is not JSON.
      requireHostHeader: false,
    },
    (request, response) => void serve(invoke, { request, response, server }).catch(() => response.destroy()),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject).listen(port, host, listening.resolve);
  await listening.promise;
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

interface Arrival {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly server: Server;
}

async function serve(invoke: Invoke, { request, response, server }: Arrival): Promise<void> {
  const body = await readBody(request);
  const result = namesItsHost(request)
    ? await invoke(toEvent(request, body), CONTEXT)
    : refusal('invalid-request');
  const length = Buffer.byteLength(result.body ?? '');
  const headers = { ...result.headers, ...(result.statusCode === 204 ? {} : { 'content-length': length }) };
  // What is left of an oversized body is not worth reading, and a connection kept open would hold up the end.
  if (!request.complete || !server.listening) response.shouldKeepAlive = false;
  response.writeHead(result.statusCode ?? 200, headers).end(result.body);
}

/** The body, or so much of it that the chain sees it is too large, even if Content-Length says otherwise. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    if (length <= MAX_BODY_BYTES) chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_DISCARDED_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** RFC 9112 section 3.2. */
function namesItsHost({ httpVersion, headers }: IncomingMessage): boolean {
  return httpVersion !== '1.1' || headers.host !== undefined;
}

/** Payload format 2.0, as the HTTP API and function URLs send it: a path that is not decoded, a body in base64. */
function toEvent(request: IncomingMessage, body: Buffer): HttpEvent {
  const { method = 'GET', url = '/', socket } = request;
  const [rawPath = '/', ...query] = originForm(url).split('?');
  const headers = joinedHeaders(request.rawHeaders);
  const sourceIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  const domainName = headers.host ?? '';
  const time = new Date();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.join('?'),
    headers,
    ...(body.length === 0 ? {} : { body: body.toString('base64') }),
    isBase64Encoded: body.length > 0,
    requestContext: {
      accountId: 'local',
      apiId: 'local',
      domainName,
      domainPrefix: '',
      http: { method, path: rawPath, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: time.toISOString(),
      timeEpoch: time.getTime(),
    },
  };
}

/** The path and query of a target that may be in absolute form (RFC 9112 section 3.2.2). */
function originForm(url: string): string {
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  return /^(?:$|\?)/.test(target) ? `/${target}` : target;
}

/** Repeated headers are joined by commas, where Node's own table would drop all but the first of some. */
function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers = new Map<string, string>();
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    headers.set(name, headers.has(name) ? `${headers.get(name)},${value}` : value);
  }
  return Object.fromEntries(headers);
}

/** What Node could not parse, or not in time, gets our JSON all the same. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'invalid-request';
  const { statusCode = 400, headers, body = '' } = refusal(code);
  const fields = { ...headers, connection: 'close', 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.end(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`, () =>
    socket.destroy(),
  );
}

/** The answer to what no function will see. */
function refusal(code: ErrorCode): HttpResult {
  const requestId = randomUUID();
  const { headers, ...answer } = errorResponse(new PullpassError(code), undefined, requestId);
  return encodeResponse({
    ...answer,
    headers: { ...headers, 'cache-control': 'no-store', 'x-request-id': requestId },
  });
}

async function close(server: Server): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), CLOSE_PATIENCE_MS);
  await closed.promise;
  clearTimeout(patience);
}

/** There is no deadline here but the gateway's own. */
const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'local',
  functionVersion: '$LATEST',
  invokedFunctionArn: '',
  memoryLimitInMB: '0',
  awsRequestId: '',
  logGroupName: '',
  logStreamName: '',
  getRemainingTimeInMillis: () => REQUEST_TIMEOUT_MS,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};
