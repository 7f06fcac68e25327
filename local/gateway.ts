/** The HTTP gateway of one machine: takes so many requests as it can serve, and calls the functions with them. */
import { randomUUID } from 'node:crypto';
import {
  createServer,
  type OutgoingHttpHeaders,
  type Server,
  type ServerResponse,
  STATUS_CODES,
} from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import type { Context } from 'aws-lambda';
import { PullpassError } from '../lib/domain/errors.ts';
import type { Network } from '../lib/domain/networks.ts';
import { encodeResponse, errorResponse } from '../lib/http/answer.ts';
import type { HttpEvent, HttpResult } from '../lib/http/request.ts';
import { sourceOf } from '../lib/limits/rate-limiter.ts';
import { type ClientAddresses, clientAddresses } from './client-address.ts';
import { type Connection, Connections } from './connections.ts';
import { CONTEXT, toEvent } from './event.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';
import { CountedRequest, linger, readBody, readInSteps } from './request-body.ts';

/** Calls the function that serves the path. Throws a PullpassError when it cannot be called. */
export type Invoke = (event: HttpEvent, context: Context) => Promise<HttpResult>;

export interface Gateway {
  readonly port: number;
  /** Takes no new requests, lets those under way end, and closes. */
  close(): Promise<void>;
}

/** Node refuses larger heads by itself; between the limit and this, the chain does. */
const MAX_PARSED_HEAD_BYTES = 16_384;
const CHECKING_INTERVAL_MS = 5_000;

export interface GatewayOptions {
  readonly host: string;
  readonly port: number;
  readonly limits?: Partial<GatewayLimits>;
  /** Proxies whose X-Forwarded-For is believed; absent: none. */
  readonly trustedProxies?: readonly Network[];
}

export async function startGateway(invoke: Invoke, options: GatewayOptions): Promise<Gateway> {
  const { host, port, trustedProxies = [] } = options;
  const addresses = clientAddresses(trustedProxies);
  const limits = { ...GATEWAY_LIMITS, ...options.limits };
  const { headersTimeoutMs, requestTimeoutMs, keepAliveMs } = limits;
  const connections = new Connections(limits);
  const server = createServer(
    {
      IncomingMessage: CountedRequest,
      maxHeaderSize: MAX_PARSED_HEAD_BYTES,
      headersTimeout: Math.min(headersTimeoutMs, requestTimeoutMs),
      requestTimeout: requestTimeoutMs,
      connectionsCheckingInterval: Math.min(CHECKING_INTERVAL_MS, requestTimeoutMs),
      keepAliveTimeout: keepAliveMs,
      // Node's own refusal of a request without Host is not JSON.
      requireHostHeader: false,
    },
    (request, response) => enqueue({ request, response, server, invoke, addresses, connections, limits }),
  );
  // Node drops what is beyond without a word: one more than the limit shows that there were too many.
  server.maxHeadersCount = limits.headers + 1;
  server.on('connection', socket => {
    const address = socket.remoteAddress ?? '';
    const source = addresses.isProxy(address) ? undefined : sourceOf(address);
    const connection = connections.add(socket, source);
    readInSteps(socket, () => connection.request);
    linger(socket, { lingerMs: limits.lingerMs, isHeard: () => connection.request?.complete !== false });
  });
  server.on('checkContinue', (request, response) => {
    if (!request.isTooLarge) response.writeContinue();
    server.emit('request', request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
    const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'invalid-request';
    refuse(new PullpassError(code), socket);
  });
  const listening = Promise.withResolvers<void>();
  const address = { port, host, backlog: BACKLOG };
  server.once('error', listening.reject).listen(address, listening.resolve);
  await listening.promise;
  return { port: (server.address() as AddressInfo).port, close: () => close(server, limits.closeMs) };
}

/** As many as Linux lets wait: with Node's 511, each of a farm that finds no room tries again after a second. */
const BACKLOG = 4096;

interface Arrival {
  readonly request: CountedRequest;
  readonly response: ServerResponse;
  readonly server: Server;
  readonly invoke: Invoke;
  readonly addresses: ClientAddresses;
  readonly connections: Connections;
  readonly limits: GatewayLimits;
}

/**
 * One request of a connection at a time. Node calls for each that it finds in what it has read, and would have us make
 * all their answers at once.
 */
function enqueue(arrival: Arrival): void {
  const { request, connections, limits } = arrival;
  const connection = connections.of(request.socket);
  if (connection === undefined || request.socket.destroyed) return;
  connection.unanswered += 1;
  if (connection.unanswered > limits.pipelined) {
    request.socket.destroy();
    return;
  }
  connection.request = request;
  request.once('crumbled', () => {
    // An answer of an earlier request may be on its way.
    if (connection.unanswered > 1) request.socket.destroy();
    else refuse(CRUMBLED, request.socket);
  });
  connection.answered = serveAfter(connection.answered, arrival, connection);
}

async function serveAfter(earlier: Promise<void>, arrival: Arrival, connection: Connection): Promise<void> {
  await earlier;
  try {
    if (!arrival.request.socket.destroyed) await serve(arrival, connection);
  } catch {
    arrival.response.destroy();
  } finally {
    connection.unanswered -= 1;
  }
}

async function serve(arrival: Arrival, connection: Connection): Promise<void> {
  const { request, response, server, connections, limits } = arrival;
  connections.setWaiting(connection);
  const body = await readBody(request, bytes => connections.hold(connection, bytes));
  connections.setWorking(connection);
  const result = await resultOf(arrival, body);
  connections.setWaiting(connection);
  const content = contentOf(result);
  const headers = { ...lengthOf(arrival, result, content), ...result.headers } as OutgoingHttpHeaders;
  connections.hold(connection, content.bytes);
  // What is left of an oversized body is not worth reading, and a connection kept open would hold up the end.
  if (!request.complete || !server.listening) response.shouldKeepAlive = false;
  response.writeHead(result.statusCode ?? 200, headers);
  // A client that reads slowly slows the registry behind, too: only what is on its way is in memory.
  if (result.stream !== undefined) await pipeline(result.stream, response);
  else response.end(content.data, content.encoding);
  // What the kernel has taken is not in memory any more.
  if (response.writableLength > 0) {
    await finished(response, { signal: AbortSignal.timeout(limits.readTimeoutMs) });
  }
  connections.hold(connection, 0);
}

interface Content {
  readonly data: Buffer | string;
  readonly encoding: 'latin1';
  readonly bytes: number;
}

/** ASCII stays a text, which Node writes in one piece with the head; in latin1, as heads are. */
function contentOf({ body = '', isBase64Encoded }: HttpResult): Content {
  const isAscii = isBase64Encoded !== true && Buffer.byteLength(body) === body.length;
  const data = isAscii ? body : Buffer.from(body, isBase64Encoded === true ? 'base64' : 'utf8');
  return { data, encoding: 'latin1', bytes: data.length };
}

/** The answer to HEAD has the length of what GET would answer, if that is known. */
function lengthOf(
  { request }: Arrival,
  { statusCode, stream }: HttpResult,
  { bytes }: Content,
): Record<string, number> {
  const hasBody = stream === undefined && !(request.method === 'HEAD' && bytes === 0);
  return hasBody && statusCode !== 204 && statusCode !== 304 ? { 'content-length': bytes } : {};
}

async function resultOf({ request, invoke, addresses, limits }: Arrival, body: Buffer): Promise<HttpResult> {
  if (!namesItsHost(request)) return refusal(new PullpassError('invalid-request'));
  if (request.rawHeaders.length / 2 > limits.headers) return refusal(new PullpassError('headers-too-large'));
  try {
    return await invoke(toEvent(request, body, addresses), CONTEXT);
  } catch (error) {
    if (error instanceof PullpassError) return refusal(error);
    throw error;
  }
}

/** RFC 9112 section 3.2. */
function namesItsHost({ httpVersion, headers }: CountedRequest): boolean {
  return httpVersion !== '1.1' || headers.host !== undefined;
}

const CRUMBLED = new PullpassError('invalid-request', { detail: 'The body comes in too many small pieces.' });

/** What Node could not parse, or not in time, gets our JSON all the same. */
function refuse(error: PullpassError, socket: Socket): void {
  if (!socket.writable) return;
  const { statusCode = 400, headers, body = '' } = refusal(error);
  const fields = { ...headers, connection: 'close', 'content-length': Buffer.byteLength(body) };
  const lines = Object.entries(fields).map(([name, value]) => `${name}: ${String(value)}\r\n`);
  socket.write(`HTTP/1.1 ${statusCode} ${STATUS_CODES[statusCode]}\r\n${lines.join('')}\r\n${body}`);
  socket.destroySoon();
}

/** The answer to what no function will see. */
function refusal(error: PullpassError): HttpResult {
  const requestId = randomUUID();
  const { headers, ...answer } = errorResponse(error, undefined, requestId);
  return encodeResponse({
    ...answer,
    headers: { ...headers, 'cache-control': 'no-store', 'x-request-id': requestId },
  });
}

async function close(server: Server, closeMs: number): Promise<void> {
  const closed = Promise.withResolvers<void>();
  server.close(() => closed.resolve());
  server.closeIdleConnections();
  const patience = setTimeout(() => server.closeAllConnections(), closeMs);
  await closed.promise;
  clearTimeout(patience);
}
