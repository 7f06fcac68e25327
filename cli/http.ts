/** The one place that sends HTTP requests: to exactly one URL, in bounded time, for a response of bounded size. */
import * as v from 'valibot';
import { sentenceOf } from '../lib/domain/errors.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { toSeconds } from '../lib/domain/time.ts';
import type { Clock } from '../lib/ports/system.ts';
import { afterWaiting } from './deadline.ts';
import { CliError } from './errors.ts';
import type { Network } from './network.ts';
import { plainToTls, unreachable, wantsTls } from './unreachable.ts';

export interface HttpRequest {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
  readonly network: Network;
}

export interface HttpResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const MAX_RESPONSE_BYTES = 8 * 1024 * 1024;

/**
 * The response to the request, with any status. Throws CliError with the code `unreachable` when none comes in
 * time, and `redirected` for a redirect: the request may hold a secret, which is sent nowhere else.
 */
export async function boundedFetch(address: string, request: HttpRequest): Promise<HttpResponse> {
  const url = new URL(address);
  const { timeoutMs, network, body, ...rest } = request;
  const proxy = network.proxyFor(url);
  const controller = new AbortController();
  const stop = afterWaiting(timeoutMs, () => controller.abort(new DOMException('', 'TimeoutError')));
  try {
    const { signal } = controller;
    const sent = { ...rest, ...(body === undefined ? {} : { body }), redirect: 'manual', signal } as const;
    const response = await network.fetch(url, sent);
    const { status, headers } = response;
    const isRedirect = (status >= 300 && status < 400) || response.type === 'opaqueredirect';
    if (isRedirect) throw redirected(url.origin);
    const text = await readText(response, url.origin);
    if (wantsTls(url, status, text)) throw plainToTls(url);
    return { status, headers, text };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unreachable(error, { url, timeoutMs, proxy });
  } finally {
    stop();
  }
}

/** The JSON of a response from `url`, as the schema types it. Throws CliError when it is anything else. */
export function parseResponse<S extends v.GenericSchema>(
  schema: S,
  text: string,
  url: string,
): v.InferOutput<S> {
  return checkedResponse(schema, readJson(text, url), url);
}

/** A value of a response from `url`, as the schema types it. Throws CliError that names what does not fit. */
export function checkedResponse<S extends v.GenericSchema>(
  schema: S,
  value: unknown,
  url: string,
): v.InferOutput<S> {
  const { success, output, issues } = v.safeParse(schema, value);
  if (success) return output;
  const [issue] = issues;
  // Never its value, which may be a secret.
  throw unexpectedResponse(url, { problem: `${v.getDotPath(issue) ?? 'it'} ${sentenceOf(issue)}` });
}

function readJson(text: string, url: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw unexpectedResponse(url, { cause: error });
  }
}

async function readText({ body }: Response, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_RESPONSE_BYTES) throw unexpectedResponse(origin);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

/** `problem`: the member that does not fit, and why. */
export function unexpectedResponse(
  url: string,
  { problem, cause }: { readonly problem?: string; readonly cause?: unknown } = {},
): CliError {
  const reason = problem === undefined ? '' : `: ${problem}`;
  return new CliError(`${new URL(url).origin} sent an unexpected response${reason}.`, {
    code: 'not-understood',
    next: 'Check the URL, and that no proxy answers in its place.',
    cause,
  });
}

function redirected(origin: string): CliError {
  return new CliError(`${origin} answered with a redirect, which was not followed.`, {
    code: 'redirected',
    next: 'Use the URL that the deployment has as its PULLPASS_URL.',
  });
}

/** The time of the deployment, in seconds since 1970: it decides when something ends, and not the clock of this machine. */
export function timeOfResponse({ headers }: HttpResponse, clock: Clock): number {
  const date = Date.parse(headers.get('date') ?? '');
  return toSeconds(Number.isNaN(date) ? clock() : date);
}
