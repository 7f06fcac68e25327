/**
 * A request as AWS hands it to a function, payload format 2.0: by an HTTP API, and by a function URL. Neither can be had
 * offline, so this follows what AWS documents ("Create AWS Lambda proxy integrations for HTTP APIs", "Invoking Lambda function
 * URLs"), and where that is silent what others have captured of both.
 */
import { randomUUID } from 'node:crypto';
import type { HttpEvent } from '../../../lib/http/request.ts';

/** A request as it came over the wire. */
export interface Wire {
  readonly method: string;
  /** The path as it was sent, and the query without its question mark. */
  readonly path: string;
  readonly query: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  readonly body: Buffer;
  readonly sourceIp: string;
}

/** What each platform does with a request; undefined: it refuses the request itself. */
export type ToEvent = (wire: Wire, routeKey: string) => HttpEvent | undefined;

/** The media types whose bodies are handed over as text; all others, and bodies without a type, come in base64. */
const TEXT = /^(?:text\/.*|application\/(?:json|javascript|xml))$/;
const HOP_BY_HOP = new Set(['connection', 'expect', 'keep-alive', 'te', 'transfer-encoding', 'upgrade']);

/**
 * An HTTP API decodes the path, and cuts off what then follows a question mark; it refuses a path that cannot be
 * decoded.
 */
export const httpApiEvent: ToEvent = (wire, routeKey) => {
  const decoded = decode(wire.path);
  if (decoded === undefined) return undefined;
  const [path = ''] = decoded.split('?');
  return eventOf(wire, { path, routeKey, context: {} });
};

/** A function URL leaves the path as it was sent, and knows no routes. */
export const functionUrlEvent: ToEvent = wire =>
  eventOf(wire, { path: wire.path, routeKey: '$default', context: { authentication: null } });

interface Particulars {
  readonly path: string;
  readonly routeKey: string;
  readonly context: object;
}

function eventOf(wire: Wire, { path, routeKey, context }: Particulars): HttpEvent {
  const { method, query, body, sourceIp } = wire;
  const { cookie, ...headers } = joined(wire);
  const domainName = headers.host ?? '';
  const isText = TEXT.test((headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '');
  const parameters = parametersOf(query);
  const time = new Date();
  return {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: query,
    ...(cookie === undefined ? {} : { cookies: cookie.split(/; ?/) }),
    headers: { ...headers, ...forwarded(headers, sourceIp) },
    ...(parameters === undefined ? {} : { queryStringParameters: parameters }),
    requestContext: {
      accountId: '123456789012',
      apiId: 'a1b2c3d4e5',
      ...context,
      domainName,
      domainPrefix: domainName.split('.')[0] ?? '',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp, userAgent: headers['user-agent'] ?? '' },
      requestId: randomUUID(),
      routeKey,
      stage: '$default',
      time: time.toUTCString(),
      timeEpoch: time.getTime(),
    },
    ...(body.length === 0 ? {} : { body: body.toString(isText ? 'utf8' : 'base64') }),
    isBase64Encoded: body.length > 0 && !isText,
  };
}

/** Names in lower case, values of one name joined by commas, cookies by what parts cookies; the length is what was read. */
function joined({ headers, body }: Wire): Record<string, string> {
  const values = new Map<string, string>();
  for (const [rawName, value] of headers) {
    const name = rawName.toLowerCase();
    if (HOP_BY_HOP.has(name)) continue;
    const before = values.get(name);
    values.set(name, before === undefined ? value : `${before}${name === 'cookie' ? '; ' : ','}${value}`);
  }
  if (body.length > 0) values.set('content-length', String(body.length));
  return Object.fromEntries(values);
}

/** What the platform says of itself; what a client has said of those before it is kept in front. */
function forwarded(headers: Readonly<Record<string, string>>, sourceIp: string): Record<string, string> {
  const before = headers['x-forwarded-for'];
  return {
    'x-amzn-trace-id': `Root=1-${randomUUID().replaceAll('-', '').slice(0, 8)}-${'0'.repeat(24)}`,
    'x-forwarded-for': before === undefined ? sourceIp : `${before}, ${sourceIp}`,
    'x-forwarded-port': '443',
    'x-forwarded-proto': 'https',
  };
}

/** Decoded, values of one name joined by commas: nothing of ours may read this. */
function parametersOf(query: string): Record<string, string> | undefined {
  if (query === '') return undefined;
  const values = new Map<string, string>();
  for (const [name, value] of new URLSearchParams(query)) {
    values.set(name, values.has(name) ? `${values.get(name)},${value}` : value);
  }
  return Object.fromEntries(values);
}

function decode(path: string): string | undefined {
  try {
    return decodeURIComponent(path);
  } catch {
    return undefined;
  }
}
