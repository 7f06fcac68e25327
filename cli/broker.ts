/** The HTTP client of one deployment. It knows one origin, and sends nothing to any other. */
import * as v from 'valibot';
import { ERRORS } from '../lib/domain/errors.ts';
import { parseStrictJson } from '../lib/domain/strict-json.ts';
import { CliError } from './errors.ts';
import { boundedFetch, type HttpResponse, parseResponse } from './http.ts';
import type { Credentials } from './login.ts';

export interface BrokerRequest {
  /** GET unless given. */
  readonly method?: 'DELETE' | 'GET' | 'PATCH' | 'POST' | 'PUT';
  /** From the origin on, encoded. */
  readonly path: `/${string}`;
  /** Members that are undefined are left out. */
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** Undefined: an anonymous request. */
  readonly credentials?: Credentials;
}

export interface BrokerOptions {
  /** The origin of a target. */
  readonly url: string;
  readonly timeoutMs: number;
}

export class Broker {
  readonly url: string;
  readonly #timeoutMs: number;

  constructor({ url, timeoutMs }: BrokerOptions) {
    this.url = url;
    this.#timeoutMs = timeoutMs;
  }

  /**
   * The response to a request that succeeded. Throws CliError with the deployment's reason, or with the code
   * `unreachable` when it does not answer in time.
   */
  async send(request: BrokerRequest): Promise<HttpResponse> {
    const { method = 'GET', path, query = {}, json, credentials } = request;
    const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
    const search = given.length === 0 ? '' : `?${new URLSearchParams(given)}`;
    const response = await boundedFetch(this.url + path + search, {
      method,
      body: json === undefined ? undefined : JSON.stringify(json),
      timeoutMs: this.#timeoutMs,
      headers: {
        accept: 'application/json, application/problem+json, */*;q=0.5',
        ...(json === undefined ? {} : { 'content-type': 'application/json' }),
        ...request.headers,
        ...(credentials === undefined ? {} : { authorization: basicAuthorization(credentials) }),
      },
    });
    if (response.status >= 200 && response.status < 300) return response;
    throw errorOf(response, this.url);
  }

  /** As `send`; answers the JSON of the response as the schema types it. Throws also when it is something else. */
  async ask<S extends v.GenericSchema>(schema: S, request: BrokerRequest): Promise<v.InferOutput<S>> {
    const { text } = await this.send(request);
    return parseResponse(schema, text, this.url);
  }
}

/** RFC 7617; the same at every route. */
function basicAuthorization({ userName, password }: Credentials): string {
  return `Basic ${Buffer.from(`${userName}:${password.reveal()}`).toString('base64')}`;
}

/** Problem details (RFC 9457) of the management routes, or the registry error body of the login endpoint. */
const PROBLEM = v.object({
  detail: v.optional(v.string()),
  details: v.optional(v.string()),
  code: v.optional(v.string()),
  requestId: v.optional(v.string()),
  id: v.optional(v.string()),
  errors: v.optional(v.array(v.object({ path: v.optional(v.string()), message: v.optional(v.string()) }))),
});

/** What to do next, by the code of the error or else by its status. */
const NEXT: Readonly<Record<string, string>> = {
  'token-disabled': 'Enable it with: pullpass token-update ID --enable',
  403: 'Show your roles with: pullpass whoami',
  429: 'Wait a minute, then try again.',
  503: 'Try again shortly; "pullpass doctor" says what does not answer.',
};

/** Sentences of the API that name request members, which a user of the command cannot set. */
const SENTENCES: Readonly<Record<string, { readonly message: string; readonly next: string }>> = {
  'rotation-in-progress': {
    message: 'The last rotation is not over: the old value of this token still works.',
    next: 'Use --force to end the old value now.',
  },
};

/** The options that become members of request bodies: users know these, and not the members. */
const OPTIONS: Readonly<Record<string, string>> = {
  access: '--readwrite',
  claims: '--claim',
  description: '--description',
  expiresInSeconds: '--expires-in (in seconds)',
  graceSeconds: '--grace (in seconds)',
  issuer: '--issuer',
  lifetimeSeconds: '--lifetime (in seconds)',
  repositories: '--repository',
  role: '--role',
  service: '--service',
  subject: '--subject',
};

function optionOf(path: string): string {
  const [member = ''] = path.split(/[.[]/, 1);
  return Object.hasOwn(OPTIONS, member) ? (OPTIONS[member] ?? path) : path;
}

function errorOf({ status, headers, text }: HttpResponse, url: string): CliError {
  const { detail, details, requestId, id, errors = [], ...problem } = problemIn(text);
  const code = problem.code ?? codeOf(status);
  const problems = errors.flatMap(({ path, message }) =>
    path === undefined ? [] : [`${optionOf(path)} ${message ?? ''}`.trim()],
  );
  const known = SENTENCES[code ?? ''];
  const reason = known?.message ?? detail ?? details ?? `${url} answered with status ${status}.`;
  return new CliError(problems.length === 0 ? reason : 'The deployment refused the request:', {
    status,
    code,
    problems: problems.length === 0 ? undefined : problems,
    requestId: requestId ?? headers.get('x-request-id') ?? undefined,
    next: known?.next ?? nextOf({ status, code, id, url }),
  });
}

interface Refusal {
  readonly status: number;
  readonly code: string | undefined;
  /** Of the token that the error is about. */
  readonly id: string | undefined;
  readonly url: string;
}

function nextOf({ status, code, id, url }: Refusal): string | undefined {
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

/** The login endpoint sends no code of ours; a status that only one of our errors has tells its code. */
function codeOf(status: number): string | undefined {
  const codes = Object.entries(ERRORS).filter(([, error]) => error.status === status);
  return codes.length === 1 ? codes[0]?.[0] : undefined;
}
