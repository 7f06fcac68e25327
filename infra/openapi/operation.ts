/** What the document says of a route beyond what the route says itself. */
import type { ROUTES } from '../../lib/api/routes.ts';
import type { ErrorCode } from '../../lib/domain/errors.ts';
import type { ANSWERS } from './answers.ts';
import { type HeaderName, headers, NOT_KEPT } from './headers.ts';
import { refTo } from './schema.ts';

type TabulatedRoute = (typeof ROUTES)[keyof typeof ROUTES][number];
/** `GET /v1/tokens`, for every route of the table and nothing else. */
export type Line = TabulatedRoute extends infer R extends TabulatedRoute
  ? R extends TabulatedRoute
    ? `${R['method']} ${R['path']}`
    : never
  : never;

export type Tag =
  | 'Credentials'
  | 'Identity'
  | 'Login'
  | 'Namespaces'
  | 'Policies'
  | 'Public documents'
  | 'Tokens'
  | 'Trusts';

type AnswerName = keyof typeof ANSWERS;

export interface Operation {
  /** Where the operation of the route is not the only one of its name. */
  readonly id?: string;
  readonly tag: Tag;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly object[];
  readonly body?: object;
  readonly answers: Readonly<Record<number, object>>;
  /** Beside those that every route of its guard has. */
  readonly failures?: readonly ErrorCode[];
}

export interface AnswerParts {
  readonly mediaType?: string;
  readonly headers?: readonly HeaderName[];
}

const JSON_TYPE = 'application/json';

/** An answer whose body is one of these. */
export function answer(
  description: string,
  names: AnswerName | readonly AnswerName[],
  parts: AnswerParts = {},
): object {
  const { mediaType = JSON_TYPE, headers: more = NOT_KEPT } = parts;
  const refs = [names].flat().map(refTo);
  const schema = refs.length === 1 ? refs[0] : { oneOf: refs };
  return { description, headers: headers(more), content: { [mediaType]: { schema } } };
}

export function emptyAnswer(description: string): object {
  return { description, headers: headers(NOT_KEPT) };
}

export function jsonBody(name: string, required: boolean): object {
  return { required, content: { [JSON_TYPE]: { schema: refTo(name) } } };
}

/** A form; with several, the parameter tells which one it is. */
export function formBody(...names: readonly string[]): object {
  const [only, ...others] = names.map(refTo);
  const schema = others.length === 0 ? only : { oneOf: [only, ...others] };
  const encoding = { scope: { style: 'form', explode: true } };
  const content = others.length === 0 ? { schema } : { schema, encoding };
  return { required: true, content: { 'application/x-www-form-urlencoded': content } };
}

export function inPath(name: string, description: string, example: string): object {
  return { name, in: 'path', required: true, description, schema: { type: 'string' }, example };
}

/** A parameter of the query; optional, as all are. */
export function inQuery(name: string, description: string, schema: object): object {
  return { name, in: 'query', description, schema };
}
