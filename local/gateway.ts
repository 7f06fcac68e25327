/** The HTTP gateway of one machine: a node:http request becomes the event that a function gets on AWS. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { Context } from 'aws-lambda';
import { PullpassError } from '../lib/domain/errors.ts';
import { encodeAnswer } from '../lib/http/answer.ts';
import { errorAnswer } from '../lib/http/errors.ts';
import type { HttpEvent, HttpResult } from '../lib/http/exchange.ts';
import { MAX_BODY_BYTES } from '../lib/http/limits.ts';

/** Calls the function that serves the path. */
export type Invoke = (event: HttpEvent, context: Context) => Promise<HttpResult>;

export interface Gateway {
  readonly port: number;
  /** Takes no new requests, lets those under way end, and closes. */
  close(): Promise<void>;
}

/** Node refuses larger heads by itself; between the limit and this, the chain does. */
const MAX_PARSED_HEAD_BYTES = 16_384;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 30_000;
const KEEP_ALIVE_MS = 65_000;
const CLOSE_PATIENCE_MS = 5_000;

export async function startGateway(
  invoke: Invoke,
  { host, port }: { host: string; port: number },
): Promise<Gateway> {
  const server = createServer(
    {
      maxHeaderSize: MAX_PARSED_HEAD_BYTES,
      headersTimeout: HEADERS_TIMEOUT_MS,
      requestTimeout: REQUEST_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    (request, response) => void serve(invoke, request, response).catch(() => response.destroy()),
  );
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => refuse(error, socket));
  const listening = Promise.withResolvers<void>();
  server.once('error', listening.reject).listen(port, host, listening.resolve);
  await listening.promise;
  return { port: (server.address() as AddressInfo).port, close: () => close(server) };
}

async function serve(invoke: Invoke, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const body = await readBody(request);
  const result = await invoke(toEvent(request, body), CONTEXT);
  const length = Buffer.byteLength(result.body ?? '');
  const headers = { ...result.headers, ...(result.statusCode === 204 ? {} : { 'content-length': length }) };
  // What is left of an oversized body is not worth reading, so the connection cannot be used again.
  if (body.length > MAX_BODY_BYTES) response.shouldKeepAlive = false;
  response.writeHead(result.statusCode ?? 200, headers).end(result.body);
}

/** The body, or so much of it that the chain sees it is too large, whatever Content-Length said. */
async function readBody(request: IncomingMessage): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > MAX_BODY_BYTES) break;
  }
  return Buffer.concat(chunks);
}

/** Payload format 2.0, as the HTTP API and function URLs send it: a path that is not decoded, a body in base64. */
function toEvent(request: IncomingMessage, body: Buffer): HttpEvent {
  const { method = 'GET', url = '/', socket } = request;
  const [rawPath = '/', ...query] = url.split('?');
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

/** Repeated headers are joined by commas, where Node's own table would drop all but the first of some. */
function joinedHeaders(raw: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let i = 0; i < raw.length; i += 2) {
    const name = (raw[i] ?? '').toLowerCase();
    const value = raw[i + 1] ?? '';
    headers[name] = headers[name] === undefined ? value : `${headers[name]},${value}`;
  }
  return headers;
}

/** What Node could not parse gets our JSON all the same. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable) return;
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'invalid-request';
  const {
    statusCode,
    headers,
    body = '',
  } = encodeAnswer(errorAnswer(new PullpassError(code), undefined, randomUUID()));
  const fields = {
    ...headers,
    'cache-control': 'no-store',
    connection: 'close',
    'content-length': body.length,
  };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.end(`HTTP/1.1 ${statusCode} ${code}\r\n${lines.join('')}\r\n${body}`);
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
