/** What functions report to AWS: hygiene findings on an EventBridge bus, and the answer of a custom resource to CloudFormation. */
import { request } from 'node:https';
import { withoutAwsSuffix } from '../domain/aws-partitions.ts';
import { type AccountReport, noticeOf } from '../domain/hygiene.ts';
import type { NoticeSink } from '../ports/notices.ts';
import type { Notices } from '../ports/stores.ts';
import type { AwsCall } from './client.ts';

/** Sends one PUT and returns its status. */
export type Put = (url: URL, body: string, timeoutMs: number) => Promise<number>;

/** A forged event must not make the function call any other host. */
const S3_HOST = /^[a-z0-9.-]+\.s3(?:[.-][a-z0-9-]+)*$/;

const MAX_BYTES = 4096;

const TIMEOUT_MS = 5_000;

/** The bus may take some entries of a call and not the others. */
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
    S3_HOST.test(withoutAwsSuffix(url.hostname) ?? '');
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

/** Rules match on this. */
export const SOURCE = 'pullpass';

export const DETAIL_TYPE = 'pullpass.hygiene';

/** The most that one PutEvents takes; ten notices are far smaller than its limit of 256 KB. */
export const MAX_ENTRIES = 10;

export interface EventNoticesOptions {
  readonly call: AwsCall;
  /** The name of the bus. */
  readonly bus: string;
}

interface PutEventsResponse {
  readonly FailedEntryCount?: number;
  readonly Entries?: readonly { readonly ErrorCode?: string }[];
}

/** Sends each event on the bus: `detail-type` is its type, `detail` the event as CloudEvents has it. */
export function eventBusSink({ call, bus }: EventNoticesOptions): NoticeSink {
  return {
    send: event =>
      put(call, [
        {
          Source: SOURCE,
          DetailType: event.type,
          Detail: JSON.stringify(event),
          EventBusName: bus,
          Time: Date.parse(event.time) / 1000,
        },
      ]),
  };
}

/** `publish` throws unless the bus has accepted every notice; the accepted ones may then be sent again. */
export function eventNotices({ call, bus }: EventNoticesOptions): Notices {
  return {
    async publish(reports, at) {
      for (let from = 0; from < reports.length; from += MAX_ENTRIES) {
        await put(
          call,
          reports.slice(from, from + MAX_ENTRIES).map(report => entryOf(report, at, bus)),
        );
      }
    },
  };
}

async function put(call: AwsCall, entries: readonly object[]): Promise<void> {
  let left = entries;
  for (let attempts = 1; left.length > 0; attempts++) {
    const answer = (await call('PutEvents', { Entries: left })) as PutEventsResponse;
    const results = answer.Entries ?? [];
    const failed = left.filter((_, i) => results[i]?.ErrorCode !== undefined);
    if (failed.length > 0 && attempts === ATTEMPTS) {
      const codes = new Set(results.map(({ ErrorCode }) => ErrorCode).filter(code => code !== undefined));
      throw new Error(`the event bus refused ${failed.length} notices: ${[...codes].join(' ')}`);
    }
    left = failed;
  }
}

function entryOf(report: AccountReport, at: number, bus: string): object {
  return {
    Source: SOURCE,
    DetailType: DETAIL_TYPE,
    Detail: JSON.stringify(noticeOf(report, at)),
    EventBusName: bus,
    Time: at,
  };
}
