/** The front door of a deployment on AWS, on a loopback port: an HTTP API with its routes, or a function URL. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import type { HttpEvent, HttpResult } from '../../../lib/http/request.ts';
import { functionUrlEvent, httpApiEvent, type ToEvent, type Wire } from './events.ts';

/** Calls the function of a route. Rejects when the function failed. */
export type InvokeRoute = (routeKey: string, event: HttpEvent) => Promise<HttpResult>;

export interface FrontOptions {
  readonly invoke: InvokeRoute;
  /** `GET /v1/tokens/{id}`; what matches none goes to `$default`. */
  readonly routes?: readonly string[];
  /** Whether routes are found before or after the path is decoded, which is not documented. */
  readonly routesBy?: 'raw' | 'decoded';
  readonly port?: number;
  /** Requests that are none of the deployment's. */
  readonly aside?: (event: HttpEvent) => Promise<HttpResult> | undefined;
}

export interface Front {
  readonly port: number;
  close(): Promise<void>;
}

/** How a platform sounds when it answers by itself. */
interface Platform {
  readonly toEvent: ToEvent;
  readonly failed: Own;
}

type Own = readonly [status: number, body: string];

const PLATFORMS = {
  'HTTP API': { toEvent: httpApiEvent, failed: [500, '{"message":"Internal Server Error"}'] },
  'function URL': { toEvent: functionUrlEvent, failed: [502, 'Internal Server Error'] },
} satisfies Record<string, Platform>;

export type PlatformName = keyof typeof PLATFORMS;

const BAD_REQUEST: Own = [400, '{"message":"Bad Request"}'];
/** Both platforms take bodies of megabytes, and heads larger than ours: what is too large is for the functions to say. */
const MAX_HEAD_BYTES = 64 * 1024;

/** Opens a front door. What it answers by itself has the header `x-platform`, so that tests can tell. */
export async function openFront(name: PlatformName, options: FrontOptions): Promise<Front> {
  const { invoke, routes = [], routesBy = 'raw', port = 0, aside } = options;
  const { toEvent, failed } = PLATFORMS[name];
  const find = routeFinder(routes);
  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const wire = await wireOf(request);
    const undecided = toEvent(wire, '$default');
    if (undecided === undefined) return refuse(response, BAD_REQUEST);
    const routeKey = find(wire.method, routesBy === 'raw' ? wire.path : undecided.rawPath);
    const event = toEvent(wire, routeKey);
    // What a function gets has been through JSON.
    const delivered = JSON.parse(JSON.stringify(event)) as HttpEvent;
    const answering = aside?.(delivered) ?? invoke(routeKey, delivered);
    return answering.then(
      result => send(response, result),
      () => refuse(response, failed),
    );
  };
  const server = createServer(
    { maxHeaderSize: MAX_HEAD_BYTES, requireHostHeader: false },
    (request, response) => void serve(request, response).catch(() => response.destroy()),
  );
  server.on('clientError', (_, socket: Socket) => {
    const [status, body] = BAD_REQUEST;
    socket.end(
      `HTTP/1.1 ${status} Bad Request\r\nx-platform: yes\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
    );
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}

async function wireOf(request: IncomingMessage): Promise<Wire> {
  const { method = '', url = '/', rawHeaders, socket } = request;
  const chunks: Uint8Array[] = [];
  for await (const chunk of request as AsyncIterable<Uint8Array>) chunks.push(chunk);
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  const [path = '', ...query] = target.split('?');
  const headers: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) headers.push([rawHeaders[i] ?? '', rawHeaders[i + 1] ?? '']);
  const sourceIp = (socket.remoteAddress ?? '').replace(/^::ffff:/, '');
  return {
    method,
    path: path || '/',
    query: query.join('?'),
    headers,
    body: Buffer.concat(chunks),
    sourceIp,
  };
}

/** The most special route: the one with the fewest variables. A variable is one segment, or with `+` one or more. */
function routeFinder(routes: readonly string[]): (method: string, path: string) => string {
  const variables = (route: string) => route.split('{').length + (route.endsWith('+}') ? 1 : 0);
  const compiled = routes
    .toSorted((a, b) => variables(a) - variables(b))
    .map(route => ({
      route,
      pattern: new RegExp(
        `^${route
          .replace(/^ANY /, '[A-Z]+ ')
          .replaceAll('.', '\\.')
          .replaceAll(/\{\w+\}/g, '[^/]+')
          .replace(/\{\w+\+\}$/, '.+')}$`,
      ),
    }));
  return (method, path) =>
    compiled.find(({ pattern }) => pattern.test(`${method} ${path}`))?.route ?? '$default';
}

function send(response: ServerResponse, result: HttpResult): void {
  const { statusCode = 200, headers = {}, cookies = [], body = '', isBase64Encoded = false } = result;
  const bytes = Buffer.from(body, isBase64Encoded ? 'base64' : 'utf8');
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, String(value));
  if (cookies.length > 0) response.setHeader('set-cookie', cookies);
  if (statusCode !== 204) response.setHeader('content-length', bytes.length);
  response.writeHead(statusCode).end(bytes);
}

function refuse(response: ServerResponse, [status, body]: Own): void {
  const headers = { 'content-type': 'application/json', 'content-length': body.length, 'x-platform': 'yes' };
  response.writeHead(status, headers).end(body);
}
