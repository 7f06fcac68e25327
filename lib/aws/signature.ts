/** Signature Version 4 of AWS: a POST to `/` without a query, as its JSON services need it, and a presigned GET of `/`. */
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { Secret } from '../domain/secret.ts';

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: Secret;
  /** Of temporary credentials. */
  readonly sessionToken: Secret | undefined;
}

/** Headers by lower-case name; no value begins or ends with a space, or holds two in a row. */
export type SignedHeaders = Readonly<Record<string, string>> & { readonly 'x-amz-date': string };

/** The `Authorization` header for a request with these headers, each of which it covers, and this body. */
export type Sign = (headers: SignedHeaders, body: string) => string;

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The part of AWS that a signature is good for. */
export interface Scope {
  readonly region: string;
  /** As signatures name it: `dynamodb`. */
  readonly service: string;
}

/** A signer for one service of a region (AWS General Reference, "Create a signed AWS API request"). */
export function requestSigner(of: Scope, credentials: Credentials): Sign {
  const signingKeyOn = signingKeys(of, credentials);
  const scopeEnd = `/${of.region}/${of.service}/aws4_request`;
  const start = `${ALGORITHM} Credential=${credentials.accessKeyId}/`;
  return (headers, body) => {
    const time = headers['x-amz-date'];
    const date = time.slice(0, 8);
    let [names, fields] = ['', ''];
    for (const name of sorted(Object.keys(headers))) {
      names += names === '' ? name : `;${name}`;
      fields += `${name}:${headers[name]}\n`;
    }
    const request = `POST\n/\n\n${fields}\n${names}\n${hash('sha256', body)}`;
    const scope = date + scopeEnd;
    const text = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', request)}`;
    const signature = createHmac('sha256', signingKeyOn(date)).update(text).digest('hex');
    return `${start}${scope}, SignedHeaders=${names}, Signature=${signature}`;
  };
}

/** As they are where they are in order, as those of the client. */
function sorted(names: string[]): string[] {
  const isSorted = names.every((name, i) => i === 0 || (names[i - 1] ?? '') < name);
  return isSorted ? names : names.sort((a, b) => (a < b ? -1 : 1));
}

export interface Presigning {
  readonly host: string;
  /** Signed headers besides `host`, by lower-case name; they must be sent with the request. */
  readonly headers: Readonly<Record<string, string>>;
  /** Values that `encodeURIComponent` encodes as AWS does: without any of `!'()*`. */
  readonly query: Readonly<Record<string, string>>;
  readonly expiresInSeconds: number;
  readonly nowMs: number;
}

/** The URL of a GET request that its holder can send in the name of the credentials, until it expires. */
export function presignedUrl(of: Scope, credentials: Credentials, request: Presigning): string {
  const { host, headers, query, expiresInSeconds, nowMs } = request;
  const time = amzDate(nowMs);
  const date = time.slice(0, 8);
  const scope = `${date}/${of.region}/${of.service}/aws4_request`;
  const signed = Object.entries({ ...headers, host }).sort(byName);
  const names = signed.map(([name]) => name).join(';');
  const parameters = Object.entries({
    ...query,
    'X-Amz-Algorithm': ALGORITHM,
    'X-Amz-Credential': `${credentials.accessKeyId}/${scope}`,
    'X-Amz-Date': time,
    'X-Amz-Expires': String(expiresInSeconds),
    ...(credentials.sessionToken === undefined
      ? {}
      : { 'X-Amz-Security-Token': credentials.sessionToken.reveal() }),
    'X-Amz-SignedHeaders': names,
  }).sort(byName);
  const text = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join('&');
  const fields = signed.map(([name, value]) => `${name}:${value}\n`).join('');
  const canonical = `GET\n/\n${text}\n${fields}\n${names}\n${hash('sha256', '')}`;
  const toSign = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', canonical)}`;
  const signature = hmac(signingKeys(of, credentials)(date), toSign).toString('hex');
  return `https://${host}/?${text}&X-Amz-Signature=${signature}`;
}

function byName([a]: readonly [string, string], [b]: readonly [string, string]): number {
  return a < b ? -1 : 1;
}

/** The time as `x-amz-date` has it: ISO 8601, basic format. */
export function amzDate(nowMs: number): string {
  const iso = new Date(nowMs).toISOString();
  return `${iso.slice(0, 4)}${iso.slice(5, 7)}${iso.slice(8, 13)}${iso.slice(14, 16)}${iso.slice(17, 19)}Z`;
}

/**
 * The key is good for a day, and the last one is kept: it takes four of the five HMACs of a signature. It is kept as a
 * KeyObject, because Node takes eight times as long for an HMAC under bare bytes.
 */
function signingKeys(
  { region, service }: Scope,
  { secretAccessKey }: Credentials,
): (date: string) => KeyObject {
  let last: { readonly date: string; readonly key: KeyObject } | undefined;
  return date => {
    if (last?.date !== date)
      last = { date, key: signingKey(`AWS4${secretAccessKey.reveal()}`, date, region, service) };
    return last.key;
  };
}

function signingKey(start: string, ...scope: readonly string[]): KeyObject {
  const under = (key: KeyObject, part: string) => createSecretKey(hmac(key, part));
  return [...scope, 'aws4_request'].reduce(under, createSecretKey(start, 'utf8'));
}

function hmac(key: KeyObject, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
