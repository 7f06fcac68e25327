/** Sends the answer of a custom resource to CloudFormation: by PUT to a presigned URL of S3, which the event names. */
import { request } from 'node:https';

/** Sends one PUT and returns its status. */
export type Put = (url: URL, body: string, timeoutMs: number) => Promise<number>;

/** A forged event must not make the function call any other host. */
const S3_HOST = /^[a-z0-9.-]+\.s3(?:[.-][a-z0-9-]+)*\.amazonaws\.com(?:\.cn)?$/;

const MAX_BYTES = 4096;

const TIMEOUT_MS = 5_000;

const ATTEMPTS = 3;

/**
 * Sends the text, by https and only to S3. Throws for any other URL, for more than 4096 bytes, and when none of three
 * attempts succeeds: CloudFormation then waits for an hour.
 */
export async function putResponse(address: string, body: string, put: Put = putOnce): Promise<void> {
  const url = responseUrl(address);
  if (Buffer.byteLength(body) > MAX_BYTES)
    throw new RangeError(`the answer has more than ${MAX_BYTES} bytes`);
  for (let attempts = 1; ; attempts++) {
    const status = await put(url, body, TIMEOUT_MS).catch((error: unknown) => String(error));
    if (typeof status === 'number' && status >= 200 && status < 300) return;
    if (attempts === ATTEMPTS) throw new Error(`CloudFormation did not accept the answer: ${status}`);
  }
}

function responseUrl(address: string): URL {
  const url = URL.parse(address);
  const isSafe =
    url?.protocol === 'https:' &&
    url.port === '' &&
    url.username === '' &&
    url.password === '' &&
    S3_HOST.test(url.hostname);
  if (url === null || !isSafe) throw new Error('the URL to answer to is not one of S3');
  return url;
}

/** The URL is signed for an empty content type; a redirection is not followed. */
const putOnce: Put = (url, body, timeoutMs) => {
  const { promise, resolve, reject } = Promise.withResolvers<number>();
  const headers = { 'content-type': '', 'content-length': Buffer.byteLength(body) };
  const signal = AbortSignal.timeout(timeoutMs);
  const call = request(url, { method: 'PUT', headers, signal }, answer => {
    answer.resume();
    resolve(answer.statusCode ?? 0);
  });
  call.on('error', reject).end(body);
  return promise;
};
