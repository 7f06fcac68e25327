/** A node:http request as the event that a function gets on AWS. */
import { isAscii } from 'node:buffer';
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Context } from 'aws-lambda';
import type { HttpEvent } from '../lib/http/request.ts';
import type { ClientAddresses } from './client-address.ts';
import { GATEWAY_LIMITS } from './limits.ts';

/** Payload format 2.0, as the HTTP API and function URLs send it: a path that is not decoded, a body in base64 or as text. */
export function toEvent(request: IncomingMessage, body: Buffer, addresses: ClientAddresses): HttpEvent {
  const { method = 'GET', url = '/', socket } = request;
  const [rawPath = '/', ...query] = originForm(url).split('?');
  const headers = headersOf(request);
  const sourceIp = addresses.of(socket.remoteAddress ?? '', headers['x-forwarded-for']);
  const domainName = headers.host ?? '';
  const time = new Date();
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.join('?'),
    headers,
    ...bodyOf(body),
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

/** Text of one byte a character is not copied byte by byte. */
function bodyOf(body: Buffer): Pick<HttpEvent, 'body' | 'isBase64Encoded'> {
  if (body.length === 0) return { isBase64Encoded: false };
  return isAscii(body)
    ? { body: body.toString('latin1'), isBase64Encoded: false }
    : { body: body.toString('base64'), isBase64Encoded: true };
}

/** The path and query of a target that may be in absolute form (RFC 9112 section 3.2.2). */
function originForm(url: string): string {
  if (url.startsWith('/')) return url;
  const target = url.replace(/^https?:\/\/[^/?]*/i, '');
  return /^(?:$|\?)/.test(target) ? `/${target}` : target;
}

/** Node's own table, which it makes in any case, where no header is repeated: to make another takes longer than all the rest here. */
function headersOf({ headers, rawHeaders }: IncomingMessage): Record<string, string> {
  const values = Object.values(headers);
  const isWhole = values.length === rawHeaders.length / 2 && values.every(value => typeof value === 'string');
  return isWhole ? (headers as Record<string, string>) : joinedHeaders(rawHeaders);
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

/** There is no deadline here but the gateway's own. */
export const CONTEXT: Context = {
  callbackWaitsForEmptyEventLoop: false,
  functionName: 'local',
  functionVersion: '$LATEST',
  invokedFunctionArn: '',
  memoryLimitInMB: '0',
  awsRequestId: '',
  logGroupName: '',
  logStreamName: '',
  getRemainingTimeInMillis: () => GATEWAY_LIMITS.requestTimeoutMs,
  done: () => {},
  fail: () => {},
  succeed: () => {},
};
