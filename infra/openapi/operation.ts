/** How the document describes a route beyond what the table of routes says: answers, bodies, parameters, headers. */
import type { ROUTES } from '../../lib/api/routes.ts';
import { CREDENTIAL_LIFE_SECONDS } from '../../lib/domain/credential.ts';
import type { ErrorCode } from '../../lib/domain/error-codes.ts';
import type { CREDENTIAL_RESPONSES, PUBLIC_RESPONSES } from './public-responses.ts';
import type { RESPONSES } from './responses.ts';
import { refTo } from './schema.ts';
import { A_REQUEST_ID } from './words.ts';

type TabulatedRoute = (typeof ROUTES)[keyof typeof ROUTES][number];
/** `GET /v1/tokens`, for every route of the table and nothing else. */
export type Line = TabulatedRoute extends infer R extends TabulatedRoute
  ? R extends TabulatedRoute
    ? `${R['method']} ${R['path']}`
    : never
  : never;

export type Tag =
  | 'Audit'
  | 'Credentials'
  | 'Identity'
  | 'Login'
  | 'Namespaces'
  | 'Policies'
  | 'Public documents'
  | 'Rules'
  | 'Tokens'
  | 'Trusts'
  | 'Usage';

type ResponseName = keyof (typeof RESPONSES & typeof PUBLIC_RESPONSES & typeof CREDENTIAL_RESPONSES);

export interface Operation {
  /** Needed where several routes share an operation. */
  readonly id?: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly body?: object;
  readonly answers: Readonly<Record<number, object>>;
  /** Beside those that every route with this kind of authentication has. */
  readonly failures?: readonly ErrorCode[];
}

export const CHALLENGE = 'WWW-Authenticate';

/** Headers by the name of the component: the header, and after a dot which of its values. */
export const HEADERS = {
  'X-Request-Id': {
    description: 'Identifies the request in the log.',
    schema: { type: 'string', minLength: 1, examples: [A_REQUEST_ID] },
  },
  'Cache-Control': {
    description: 'The answer must not be cached.',
    schema: { type: 'string', const: 'no-store' },
  },
  'Cache-Control.Public': {
    description: 'The answer holds no secret and may be cached for five minutes.',
    schema: { type: 'string', const: 'public, max-age=300' },
  },
  ETag: {
    description:
      'Names this state of the document; with `If-None-Match` it is sent only when it has changed.',
    schema: { type: 'string', pattern: '^"[A-Za-z0-9_-]{22}"$' },
  },
  Location: {
    description: 'The path of what was added.',
    schema: { type: 'string', pattern: '^/v1/[a-z]+/[0-9a-f-]{36}$' },
  },
  'Retry-After': {
    description: 'When to try again, in seconds.',
    schema: { type: 'integer', minimum: 1, examples: [5] },
  },
  'Pullpass-Expires-In': {
    description:
      'How many seconds the credential is valid: fewer than were asked for where its parent ends earlier.',
    schema: { type: 'integer', minimum: 1, maximum: CREDENTIAL_LIFE_SECONDS.max, examples: [3600] },
  },
  [CHALLENGE]: {
    description: 'How to authenticate.',
    schema: { type: 'string', const: 'Basic realm="pullpass", charset="UTF-8"' },
  },
} as const satisfies Record<string, { readonly description: string; readonly schema: object }>;

export type HeaderName = keyof typeof HEADERS;

export const NO_STORE = ['X-Request-Id', 'Cache-Control'] as const satisfies HeaderName[];
/** Of what was made, with its place. */
export const CREATED = { headers: [...NO_STORE, 'Location'] } as const;
export const CACHEABLE = ['X-Request-Id', 'Cache-Control.Public', 'ETag'] as const satisfies HeaderName[];

/** The headers of an answer, all of them always present. */
export function headers(names: readonly HeaderName[]): Record<string, { $ref: string }> {
  return Object.fromEntries(
    names.map(name => [name.replace(/\..*$/, ''), { $ref: `#/components/headers/${name}` }]),
  );
}

interface AnswerOptions {
  readonly mediaType?: string;
  readonly headers?: readonly HeaderName[];
}

const JSON_TYPE = 'application/json';

/** An answer whose body is one of these. */
export function answer(
  description: string,
  names: ResponseName | readonly ResponseName[],
  { mediaType = JSON_TYPE, headers: own = NO_STORE }: AnswerOptions = {},
): object {
  const refs = [names].flat().map(refTo);
  const schema = refs.length === 1 ? refs[0] : { oneOf: refs };
  return { description, headers: headers(own), content: { [mediaType]: { schema } } };
}

export function emptyResponse(description: string): object {
  return { description, headers: headers(NO_STORE) };
}

export function jsonBody(name: string, required: boolean): object {
  return { required, content: { [JSON_TYPE]: { schema: refTo(name) } } };
}

/** What a registry reports: distribution 3, and 2. */
export function eventsBody(name: string): object {
  const schema = refTo(name);
  const types = ['v2', 'v1'].map(version => `application/vnd.docker.distribution.events.${version}+json`);
  return { required: true, content: Object.fromEntries(types.map(type => [type, { schema }])) };
}

/** A form; of several, `grant_type` says which one it is. */
export function formBody(...names: readonly string[]): object {
  const [only, ...others] = names.map(refTo);
  const schema = others.length === 0 ? only : { oneOf: [only, ...others] };
  const encoding = { scope: { style: 'form', explode: true } };
  const content = others.length === 0 ? { schema } : { schema, encoding };
  return { required: true, content: { 'application/x-www-form-urlencoded': content } };
}

/** A parameter of the path. */
export function inPath(name: string, description: string, { example, ...schema }: PathSchema): object {
  return { name, in: 'path', required: true, description, schema: { type: 'string', ...schema }, example };
}

interface PathSchema {
  readonly example: string;
  readonly [keyword: string]: unknown;
}

/** An optional parameter of the query. */
export function inQuery(name: string, description: string, schema: object): object {
  return { name, in: 'query', description, schema };
}
