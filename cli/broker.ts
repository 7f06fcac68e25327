/** The HTTP client of one deployment. It knows one origin, and sends nothing to any other. */
import * as v from 'valibot';
import { ERRORS } from '../lib/domain/errors.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { boundedFetch, type FetchedAnswer, notUnderstood, readJson } from './bounded-fetch.ts';
import { CliError } from './failure.ts';
import { basic, type Proof } from './proof.ts';

export const DEFAULT_TIMEOUT_MS = 10_000;

export interface BrokerRequest {
  /** GET unless given. */
  readonly method?: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** From the origin on; the caller has encoded what it put into it. */
  readonly path: `/${string}`;
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Who asks; absent: nobody in particular. */
  readonly proof?: Proof;
}

export interface BrokerOptions {
  /** The origin of a target. */
  readonly url: string;
  readonly timeoutMs?: number;
}

export class Broker {
  readonly url: string;
  readonly #timeoutMs: number;

  constructor({ url, timeoutMs = DEFAULT_TIMEOUT_MS }: BrokerOptions) {
    this.url = url;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The answer to a request that was carried out. Throws a Failure with what the broker says went wrong, or with the
   * code `unreachable` when it does not answer in time.
   */
  async send(request: BrokerRequest): Promise<FetchedAnswer> {
    const { method = 'GET', path, query = {}, proof } = request;
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    const { body, contentType } = contentOf(request);
    const answer = await boundedFetch(this.url + path + search, {
      method,
      body,
      timeoutMs: this.#timeoutMs,
      headers: {
        accept: 'application/json, application/problem+json, */*;q=0.5',
        ...(contentType === undefined ? {} : { 'content-type': contentType }),
        ...request.headers,
        ...(proof === undefined ? {} : { authorization: basic(proof) }),
      },
    });
    if (answer.status >= 200 && answer.status < 300) return answer;
    throw failureOf(answer, this.url);
  }

  /** As `send`, and the answer's JSON as the schema types it. Throws also when it is something else. */
  async ask<S extends v.GenericSchema>(schema: S, request: BrokerRequest): Promise<v.InferOutput<S>> {
    const { text } = await this.send(request);
    const result = v.safeParse(schema, readJson(text, this.url));
    if (result.success) return result.output;
    throw notUnderstood(this.url);
  }
}

function contentOf({ json, form }: BrokerRequest): { body?: string; contentType?: string } {
  if (json !== undefined) return { body: JSON.stringify(json), contentType: 'application/json' };
  if (form === undefined) return {};
  return {
    body: new URLSearchParams(form).toString(),
    contentType: 'application/x-www-form-urlencoded',
  };
}

/** Problem details (RFC 9457) of the management routes, or the registry envelope of the login endpoint. */
const PROBLEM = v.object({
  detail: v.optional(v.string()),
  details: v.optional(v.string()),
  code: v.optional(v.string()),
  requestId: v.optional(v.string()),
  id: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ path: v.optional(v.string()), message: v.optional(v.string()) }))),
});

/** What to do about it, by the code of the error or else by its status. */
const NEXT: Readonly<Record<string, string>> = {
  'rotation-in-progress': 'Say --force to end the grace at once.',
  'token-disabled': 'Enable it with: pullpass token-update ID --enable',
  403: 'See who you are, and what you may do, with: pullpass whoami',
  429: 'Wait a minute, and try again.',
  503: 'Try again shortly; "pullpass doctor" says what does not answer.',
};

function failureOf({ status, headers, text }: FetchedAnswer, url: string): CliError {
  const { detail, details, requestId, id, errors = [], ...problem } = problemIn(text);
  const code = problem.code ?? codeOf(status);
  const problems = errors.flatMap(({ path, message }) =>
    path === undefined ? [] : [`${path} ${message ?? ''}`.trim()],
  );
  const stated = detail ?? details ?? `${url} answered with status ${status}.`;
  return new CliError(problems.length === 0 ? stated : 'The deployment does not take this:', {
    status,
    code,
    problems: problems.length === 0 ? undefined : problems,
    requestId: requestId ?? headers.get('x-request-id') ?? undefined,
    next: nextOf({ status, code, id, url }),
  });
}

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  /** Of the token that the error is about. */
  readonly id: string | undefined;
  readonly url: string;
}

function nextOf({ status, code, id, url }: Told): string | undefined {
  if (status === 401) return `Log in again with: pullpass login --url ${url}`;
  if (id !== undefined) return `The token is ${id}: remove it or rotate it.`;
  return NEXT[code ?? ''] ?? NEXT[status];
}

function problemIn(text: string): v.InferOutput<typeof PROBLEM> {
  try {
    const { success, output } = v.safeParse(PROBLEM, parseStrictJson(text));
    return success ? output : {};
  } catch {
    return {};
  }
}

/** The login endpoint names no code of ours, but one that only one of our errors of its status has. */
function codeOf(status: number): string | undefined {
  const codes = Object.entries(ERRORS).filter(([, error]) => error.status === status);
  return codes.length === 1 ? codes[0]?.[0] : undefined;
}
