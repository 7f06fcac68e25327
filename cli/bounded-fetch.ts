import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { CliError } from './failure.ts';

export interface FetchOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly timeoutMs: number;
}

export interface FetchedAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

const MAX_ANSWER_BYTES = 8 * 1024 * 1024;

/** What node says of a broken connection, as the end of "… cannot be reached: ". */
const REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there',
  ECONNRESET: 'the connection was broken off',
  UND_ERR_SOCKET: 'the connection was broken off',
  ENOTFOUND: 'no such host is known',
  EAI_AGAIN: 'the name could not be looked up',
  EHOSTUNREACH: 'there is no way to that host',
  ENETUNREACH: 'there is no network',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is signed by itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of an authority that this machine does not trust',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of an authority that this machine does not trust',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
};

/**
 * Sends the request to exactly this URL and reads the answer, whatever its status. Throws a Failure with the code
 * `unreachable` when there is no answer, `redirected` when it points elsewhere: what was sent goes nowhere else.
 */
export async function boundedFetch(
  url: string,
  { timeoutMs, ...request }: FetchOptions,
): Promise<FetchedAnswer> {
  const { origin } = new URL(url);
  try {
    const { body, ...rest } = request;
    const signal = AbortSignal.timeout(timeoutMs);
    const sent = { ...rest, ...(body === undefined ? {} : { body }), redirect: 'manual', signal } as const;
    const response = await fetch(url, sent);
    const { status, headers } = response;
    const isRedirect = (status >= 300 && status < 400) || response.type === 'opaqueredirect';
    if (isRedirect) throw redirected(origin);
    return { status, headers, text: await readText(response, origin) };
  } catch (error) {
    if (error instanceof CliError) throw error;
    throw unreachable(origin, reasonOf(error, timeoutMs), error);
  }
}

/** The JSON in a text. Throws a Failure when there is none of which there is one reading. */
export function readJson(text: string, url: string): unknown {
  try {
    return parseStrictJson(text);
  } catch (error) {
    throw notUnderstood(url, error);
  }
}

/** An answer that is none of Pullpass, or of an issuer. */
export function notUnderstood(url: string, cause?: unknown): CliError {
  return new CliError(`${new URL(url).origin} gave an answer that cannot be understood.`, {
    code: 'not-understood',
    next: 'Check that the URL is the one of a Pullpass deployment, and that no proxy answers in its place.',
    cause,
  });
}

async function readText({ body }: Response, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) throw notUnderstood(origin);
    chunks.push(chunk);
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

function redirected(origin: string): CliError {
  return new CliError(`${origin} answered with a redirect. Nothing was sent where it points.`, {
    code: 'redirected',
    next: 'Use the URL that the deployment knows itself by (its PULLPASS_URL).',
  });
}

function unreachable(origin: string, reason: string, cause: unknown): CliError {
  return new CliError(`${origin} cannot be reached: ${reason}.`, {
    code: 'unreachable',
    next: 'Check the URL, the network, and that the deployment is up.',
    cause,
  });
}

function reasonOf(error: unknown, timeoutMs: number): string {
  if (error instanceof Error && error.name === 'TimeoutError')
    return `no answer within ${timeoutMs / 1000} s`;
  const code = codeOf(error) ?? codeOf(error instanceof Error ? error.cause : undefined) ?? '';
  return (Object.hasOwn(REASONS, code) ? REASONS[code] : undefined) ?? (code || 'the request failed');
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
