/** Requests as the platform hands them to a function, written as one line and a few options. */
import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';
import type { HttpEvent, HttpResult } from '../../lib/http/request.ts';

export interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as it is, with the `content-type` of the headers. */
  readonly body?: string | Uint8Array;
  readonly json?: unknown;
  readonly form?: readonly (readonly [string, string])[] | Readonly<Record<string, string>>;
  /** `[user name, password]`, for a Basic header. */
  readonly basic?: readonly [string, string];
  readonly bearer?: string;
  readonly sourceIp?: string;
}

/** An answer, read as a client reads it. */
export interface Received {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads what it expects to find
  readonly json: any;
}

/** The event of a request such as `GET /v1/tokens?limit=5`. */
export function eventOf(line: string, sent: Sent = {}): HttpEvent {
  const [method = '', target = ''] = line.split(' ');
  const [rawPath = '', ...query] = target.split('?');
  const { body, headers } = contentOf(sent);
  const isBase64Encoded = body !== undefined && typeof body !== 'string';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath,
    rawQueryString: query.join('?'),
    headers: { host: 'pullpass.example', ...headers, ...credentialsOf(sent), ...sent.headers },
    ...(body === undefined ? {} : { body: isBase64Encoded ? Buffer.from(body).toString('base64') : body }),
    isBase64Encoded,
    requestContext: {
      accountId: '1',
      apiId: '1',
      domainName: 'pullpass.example',
      domainPrefix: '',
      http: {
        method,
        path: rawPath,
        protocol: 'HTTP/1.1',
        sourceIp: sent.sourceIp ?? '192.0.2.1',
        userAgent: '',
      },
      requestId: randomUUID(),
      routeKey: '$default',
      stage: '$default',
      time: '',
      timeEpoch: 0,
    },
  };
}

export function basicHeader([userName, password]: readonly [string, string]): string {
  return `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
}

export function received({
  statusCode = 0,
  headers = {},
  body: encoded = '',
  isBase64Encoded,
}: HttpResult): Received {
  const body = isBase64Encoded === true ? Buffer.from(encoded, 'base64').toString('utf8') : encoded;
  const isJson = String(headers['content-type']).includes('json');
  return {
    status: statusCode,
    headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    text: body,
    json: isJson && body !== '' ? JSON.parse(body) : undefined,
  };
}

/** A function gets nothing else of its context that matters here. */
export const CONTEXT = { getRemainingTimeInMillis: () => 30_000 } as Context;

function contentOf({ body, json, form }: Sent): { body: Sent['body']; headers: Record<string, string> } {
  if (json !== undefined) {
    return { body: JSON.stringify(json), headers: { 'content-type': 'application/json' } };
  }
  if (form === undefined) return { body, headers: {} };
  const entries = Array.isArray(form) ? form : Object.entries(form);
  return {
    body: new URLSearchParams(entries as [string, string][]).toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
  };
}

function credentialsOf({ basic, bearer }: Sent): Record<string, string> {
  if (basic !== undefined) return { authorization: basicHeader(basic) };
  return bearer === undefined ? {} : { authorization: `Bearer ${bearer}` };
}

/** What is left of an answer but for the request id, which is the only thing in which two refusals may differ. */
export function textWithoutId({ text, headers }: Received): string {
  return text.replaceAll(headers['x-request-id'] ?? '', 'the request id');
}
