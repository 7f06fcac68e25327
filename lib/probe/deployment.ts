/** A deployment as its clients see it: requests to its public URL, and what came back. */
import * as v from 'valibot';
import { PullpassError } from '../domain/errors.ts';
import { parseStrictJson } from '../domain/strict-json.ts';

export interface Sent {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Received {
  readonly status: number;
  readonly text: string;
  /** The `X-Request-Id`. */
  readonly requestId?: string | undefined;
}

/** Sends one request, in bounded time, following no redirect. Throws when no answer comes. */
export type Send = (url: string, sent: Sent) => Promise<Received>;

export interface ProbeRequest {
  /** The method and the path with its query, as in `GET /v1/tokens?limit=5`. */
  readonly line: `${string} /${string}`;
  /** The header `Authorization`; absent: an anonymous request. */
  readonly authorization?: string | undefined;
  readonly json?: unknown;
  readonly form?: Readonly<Record<string, string>>;
}

/** The deployment answered something else than it should have; the message says what, and holds no secret. */
export class UnexpectedResponse extends Error {
  override readonly name = 'UnexpectedAnswer';
  readonly status: number;

  constructor({ line }: ProbeRequest, { status, text, requestId }: Received) {
    const [path = ''] = line.split('?');
    const code = codeIn(text);
    const id = requestId !== undefined && PRINTABLE.test(requestId) ? `, request id ${requestId}` : '';
    super(`${path} answered ${status}${code === undefined ? '' : ` ${code}`}${id}.`);
    this.status = status;
  }
}

const USER_AGENT = 'pullpass-probe';

/** What of an answer may be logged and printed: anything longer or odder may be a secret, or an escape sequence. */
const PRINTABLE = /^[\w=.-]{1,64}$/;
const PROBLEM = v.object({ code: v.pipe(v.string(), v.regex(/^[a-z-]{1,40}$/)) });
const REGISTRY_ERROR = v.object({
  errors: v.tupleWithRest([v.object({ code: v.pipe(v.string(), v.regex(/^[A-Z_]{1,40}$/)) })], v.unknown()),
});

export class Deployment {
  readonly url: string;
  readonly #send: Send;

  /** `url`: `PULLPASS_URL`, and so the `iss` of access tokens. */
  constructor(url: string, send: Send) {
    this.url = url;
    this.#send = send;
  }

  /** Returns every response, with any status. */
  answer({ line, authorization, json, form }: ProbeRequest): Promise<Received> {
    const [method = '', target = ''] = line.split(' ');
    const headers = {
      accept: 'application/json, application/problem+json, */*;q=0.5',
      'user-agent': USER_AGENT,
      ...(authorization === undefined ? {} : { authorization }),
      ...(json === undefined ? {} : { 'content-type': 'application/json' }),
      ...(form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' }),
    };
    const body = bodyOf(json, form);
    return this.#send(this.url + target, { method, headers, ...(body === undefined ? {} : { body }) });
  }

  /** Throws UnexpectedAnswer for any other status. */
  async expect(statuses: readonly number[], request: ProbeRequest): Promise<Received> {
    const received = await this.answer(request);
    if (statuses.includes(received.status)) return received;
    throw new UnexpectedResponse(request, received);
  }

  /** The JSON of an answer with 200 or 201. */
  async ask<S extends v.GenericSchema>(schema: S, request: ProbeRequest): Promise<v.InferOutput<S>> {
    const { text } = await this.expect([200, 201], request);
    return readJson(schema, text, request);
  }
}

/** Throws an Error that names no value: it may be a secret. */
function readJson<S extends v.GenericSchema>(
  schema: S,
  text: string,
  { line }: ProbeRequest,
): v.InferOutput<S> {
  const { success, output } = v.safeParse(schema, parsed(text));
  if (success) return output;
  const [path = ''] = line.split('?');
  throw new PullpassError('internal', { reason: `${path} answered something that is not its schema.` });
}

function bodyOf(json: unknown, form: ProbeRequest['form']): string | undefined {
  if (form !== undefined) return String(new URLSearchParams(form));
  return json === undefined ? undefined : JSON.stringify(json);
}

export function basic(userName: string, password: string): string {
  return `Basic ${Buffer.from(`${userName}:${password}`).toString('base64')}`;
}

function codeIn(text: string): string | undefined {
  const json = parsed(text);
  const problem = v.safeParse(PROBLEM, json);
  if (problem.success) return problem.output.code;
  const { success, output } = v.safeParse(REGISTRY_ERROR, json);
  return success ? output.errors[0].code : undefined;
}

function parsed(text: string): unknown {
  try {
    return parseStrictJson(text);
  } catch {
    return undefined;
  }
}
