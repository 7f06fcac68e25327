/** What routes read from a request: the body, the actor, the cursor. */

import { hash } from 'node:crypto';
import type * as v from 'valibot';
import { safeParse } from 'valibot';
import { invalidBody, type Problem, PullpassError, sentenceOf } from '../domain/errors.ts';
import { bytesToUuid, decodeBase62, encodeBase62, isUuid, uuidToBytes } from '../domain/identifiers.ts';
import { groupOfAdministrator } from '../domain/policy.ts';
import type { IdentityPrincipal } from '../domain/principal.ts';
import { namespaceProblem } from '../domain/repository.ts';
import { single } from '../http/form.ts';
import type { Authenticated, HandlerOf, Request } from '../http/request.ts';
import type { Actor } from '../usecases/acts.ts';

const PLAIN_NAME = /^[A-Za-z]{1,32}$/;

/** The body as the schema types it. Throws `invalid-request` with every problem and its path. */
export function checkBody<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  // The library takes a list for an object without members.
  if (Array.isArray(json)) throw invalidBody([{ path: '', message: 'must be an object' }]);
  const result = safeParse(schema, json === undefined ? {} : json);
  if (result.success) return result.output;
  throw invalidBody(result.issues.map(issue => ({ path: pathOf(issue), message: sentenceOf(issue) })));
}

export function invalid(problems: readonly Problem[], part: 'path' | 'query'): PullpassError {
  return new PullpassError('invalid-request', { detail: `The ${part} is not valid; see errors.`, problems });
}

/** The identifier in the path, spelled as records spell it. */
export function idOf({ params }: Pick<Request, 'params'>): string {
  const id = (params.id ?? '').toLowerCase();
  if (isUuid(id)) return id;
  const message = 'must be a UUID, as the lists show it; the value of a token is not its identifier';
  throw invalid([{ path: 'id', message }], 'path');
}

/** The namespace in the path. */
export function namespaceIn({ params }: Pick<Request, 'params'>): string {
  const name = params.name ?? '';
  const message = namespaceProblem(name);
  if (message === undefined) return name;
  throw invalid([{ path: 'name', message }], 'path');
}

function pathOf({ path }: v.BaseIssue<unknown>): string {
  const steps = (path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${nameOf(key)}`));
  return steps.join('').replace(/^\./, '');
}

/** A field's name that the schema does not know is the caller's text: it is repeated only where it cannot be a secret. */
function nameOf(key: unknown): string {
  return PLAIN_NAME.test(String(key)) ? String(key) : '?';
}

export type ManagementRequest = Authenticated<IdentityPrincipal>;

export type ManagementHandlers = Readonly<Record<string, HandlerOf['administrator']>>;

export function actorOf({ principal, requestId, sourceAddress }: ManagementRequest): Actor {
  const { account, subject, strength, uniqueId } = principal.identity;
  const group = groupOfAdministrator(principal.roles);
  return {
    account,
    subject,
    strength,
    ...(uniqueId === undefined ? {} : { uniqueId }),
    ...(group === undefined ? {} : { group }),
    requestId,
    sourceAddress,
  };
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** The name that the caller gave to the request. */
export function idempotencyKeyOf({ headers }: Pick<Request, 'headers'>): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined || IDEMPOTENCY_KEY.test(key)) return key;
  throw new PullpassError('invalid-request', {
    detail: 'An Idempotency-Key has 1 to 255 printable ASCII characters.',
  });
}

const PAGE = { default: 50, max: 200 } as const;

/** The `limit` of a list in pages. */
export function limitOf({ query }: Pick<Request, 'query'>): number {
  const text = single(query, 'limit');
  if (text === undefined) return PAGE.default;
  const limit = /^\d{1,3}$/.test(text) ? Number(text) : 0;
  if (limit >= 1 && limit <= PAGE.max) return limit;
  throw invalid([{ path: 'limit', message: `must be a whole number from 1 to ${PAGE.max}` }], 'query');
}

const ID_BYTES = 16;

const ID_DIGITS = 22;

const MARK_DIGITS = 8;

/** A cursor at an id, in the list of this name. */
export function writeCursor(list: string, id: string): string {
  return encodeBase62(uuidToBytes(id)) + markOf(list, id);
}

/** The id in a cursor. Throws `invalid-request` for one that was not written for this list. */
export function readCursor(list: string, cursor: string): string {
  const bytes = decodeBase62(cursor.slice(0, ID_DIGITS), ID_BYTES);
  const id = bytes === undefined ? undefined : bytesToUuid(bytes);
  if (id === undefined || cursor.slice(ID_DIGITS) !== markOf(list, id)) throw foreignCursor();
  return id;
}

/** A cursor at a text, of the list of an account, or of one that is filtered in this way. */
export function writeTextCursor(list: string, text: string): string {
  return Buffer.from(text).toString('base64url') + markOf(list, text);
}

/** The text in a cursor. Throws `invalid-request` for one that was not written for this list. */
export function readTextCursor(list: string, cursor: string): string {
  const text = Buffer.from(cursor.slice(0, -MARK_DIGITS), 'base64url').toString('utf8');
  if (writeTextCursor(list, text) !== cursor) throw foreignCursor();
  return text;
}

export function foreignCursor(): PullpassError {
  return new PullpassError('invalid-request', {
    detail: 'The cursor does not belong to this list.',
    problems: [{ path: 'cursor', message: 'must be the nextCursor of an earlier answer' }],
  });
}

/** A cursor reveals nothing and authorises nothing, so this needs no key: it only tells our cursors from others. */
function markOf(list: string, id: string): string {
  return encodeBase62(hash('sha256', `pullpass cursor ${list} ${id}`, 'buffer')).slice(-MARK_DIGITS);
}
