/**
 * The floor: the work of a login by hand, as tightly as is sensible, with one kind of caller, one service and one engine. A
 * registry token by Basic, one strongly consistent BatchGetItem, SHA-256, one ES256 token, one log line.
 */
import { hash, timingSafeEqual } from 'node:crypto';
import type { HttpEvent, HttpResult } from '../../lib/http/request.ts';
import { openReader } from './floor-read.ts';
import { openSigner } from './floor-sign.ts';

const { PULLPASS_SERVICES = '', PULLPASS_TABLE: table = 'pullpass' } = process.env;
const { default: services } = (await import(PULLPASS_SERVICES, { with: { type: 'json' } })) as {
  default: [{ name: string }];
};
const [{ name: service }] = services;
const read = openReader();
const sign = await openSigner(service);

interface StoredToken {
  readonly sk: { readonly S: string };
  readonly account: { readonly S: string };
  readonly access: { readonly S: string };
  readonly hash: { readonly B: string };
  readonly expiresAt?: { readonly N: string };
  readonly disabledAt?: unknown;
  readonly state?: { readonly S: string };
}

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const digits = new Uint8Array(128);
for (let i = 0; i < 62; i++) digits[DIGITS.charCodeAt(i)] = i;

/** 22 base62 digits as a UUID: in halves of eleven, each of numbers that a double holds. */
function uuidOf(text: string): string {
  let value = 0n;
  for (let at = 0; at < 22; at += 11) {
    let [high, low] = [0, 0];
    for (let i = at; i < at + 6; i++) high = high * 62 + (digits[text.charCodeAt(i)] ?? 0);
    for (let i = at + 6; i < at + 11; i++) low = low * 62 + (digits[text.charCodeAt(i)] ?? 0);
    value = value * 62n ** 11n + BigInt(high) * 62n ** 5n + BigInt(low);
  }
  const hex = value.toString(16).padStart(32, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
}

function askedIn(query: string): string {
  let asked = '';
  for (const part of query.split('&')) {
    if (part.startsWith('scope=')) asked = decodeURIComponent(part.slice(6));
    else if (part.startsWith('service=') && part.slice(8) !== service) throw new Error('another service');
  }
  return asked;
}

/** Undefined: refused. */
async function login(event: HttpEvent): Promise<string | undefined> {
  const nowMs = Date.now();
  const now = Math.floor(nowMs / 1000);
  const pair = Buffer.from((event.headers.authorization ?? '').slice(6), 'base64').toString('latin1');
  const secret = pair.slice(pair.indexOf(':') + 1);
  if (!pair.startsWith('token:') || secret.length !== 91) return undefined;
  const [handle, id] = [secret.slice(4, 20), uuidOf(secret.slice(20, 42))];
  const asked = askedIn(event.rawQueryString);
  const [, name = '', wanted = ''] = asked.split(':');
  const namespace = name.slice(0, name.indexOf('/'));
  const answer = await read(
    nowMs,
    `{"RequestItems":{"${table}":{"Keys":[{"pk":{"S":"account#${handle}"},"sk":{"S":"token#${id}"}},{"pk":{"S":"namespace#${namespace}"},"sk":{"S":"claim"}}],"ConsistentRead":true}}}`,
  );
  let record: StoredToken | undefined;
  let claim: StoredToken | undefined;
  for (const item of JSON.parse(answer).Responses[table] as StoredToken[]) {
    if (item.sk.S === 'claim') claim = item;
    else record = item;
  }
  const presented = hash('sha256', secret, 'buffer');
  if (record === undefined || !timingSafeEqual(presented, Buffer.from(record.hash.B, 'base64')))
    return undefined;
  const expires = record.expiresAt === undefined ? Number.POSITIVE_INFINITY : Number(record.expiresAt.N);
  if (expires <= now || record.disabledAt !== undefined) return undefined;
  const allowed = record.access.S === 'push' ? ['pull', 'push'] : ['pull'];
  const isHeld = claim?.state?.S === 'held' && claim.account.S === record.account.S;
  const actions = isHeld ? allowed.filter(action => wanted.split(',').includes(action)) : [];
  const expiresIn = Math.min(300, Math.max(60, expires - now));
  const token = sign({ subject: `token:${id}`, expires: now + expiresIn, now, name, actions });
  const { requestId, http } = event.requestContext;
  process.stdout.write(
    `{"level":"INFO","message":"login","timestamp":"${new Date(nowMs).toISOString()}","service":"pullpass","requestId":"${requestId}","sourceAddress":"${http.sourceIp}","userName":"token","registryService":"${service}","account":"${record.account.S}","subject":"token:${id}","requested":"${asked}","granted":"repository:${name}:${actions}"}\n`,
  );
  return `{"token":"${token}","access_token":"${token}","expires_in":${expiresIn}}`;
}

const REFUSED = '{"errors":[{"code":"UNAUTHORIZED"}]}';

export async function handler(event: HttpEvent): Promise<HttpResult> {
  const body = await login(event);
  const headers = {
    'content-type': 'application/json',
    'cache-control': 'no-store',
    'x-request-id': event.requestContext.requestId,
  };
  return body === undefined
    ? { statusCode: 401, headers, body: REFUSED }
    : { statusCode: 200, headers, body };
}
