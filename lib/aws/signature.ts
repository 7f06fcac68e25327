/** Signature Version 4 of AWS, as far as its JSON services need it: a POST to `/` without a query. */
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
  return (headers, body) => {
    const time = headers['x-amz-date'];
    const date = time.slice(0, 8);
    const names = Object.keys(headers).sort((a, b) => (a < b ? -1 : 1));
    const fields = names.map(name => `${name}:${headers[name]}\n`).join('');
    const request = `POST\n/\n\n${fields}\n${names.join(';')}\n${hash('sha256', body)}`;
    const scope = `${date}/${of.region}/${of.service}/aws4_request`;
    const text = `${ALGORITHM}\n${time}\n${scope}\n${hash('sha256', request)}`;
    const signature = hmac(signingKeyOn(date), text).toString('hex');
    return `${ALGORITHM} Credential=${credentials.accessKeyId}/${scope}, SignedHeaders=${names.join(';')}, Signature=${signature}`;
  };
}

/** The time as `x-amz-date` has it: ISO 8601, basic format. */
export function amzDate(nowMs: number): string {
  return new Date(nowMs).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
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
