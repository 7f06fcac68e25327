/** What routes read from a request: the body, the actor, the service, the cursor. */

import { hash } from 'node:crypto';
import type * as v from 'valibot';
import { safeParse } from 'valibot';
import type { Account } from '../domain/account.ts';
import { type Problem, PullpassError } from '../domain/errors.ts';
import { bytesToUuid, decodeBase62, encodeBase62, isUuid, uuidToBytes } from '../domain/identifiers.ts';
import { namespaceProblem } from '../domain/name-problem.ts';
import type { IdentityPrincipal } from '../domain/principal.ts';
import { single } from '../http/form.ts';
import type { Authenticated, HandlerOf, Request } from '../http/request.ts';
import { sentenceOf } from '../schema/sentence.ts';
import type { Actor } from '../usecases/acts.ts';

const PLAIN_NAME = /^[A-Za-z]{1,32}$/;

/** The body as the schema types it. Throws `invalid-request` with every problem and its path. */
export function checkBody<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> {
  // The library takes a list for an object without members.
  if (Array.isArray(json)) throw invalid([{ path: '', message: 'must be an object' }]);
  const result = safeParse(schema, json === undefined ? {} : json);
  if (result.success) return result.output;
  throw invalid(result.issues.map(issue => ({ path: pathOf(issue), message: sentenceOf(issue) })));
}

export function invalid(problems: readonly Problem[], part = 'body'): PullpassError {
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
  return {
    account,
    subject,
    strength,
    ...(uniqueId === undefined ? {} : { uniqueId }),
    requestId,
    sourceAddress,
  };
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

export function writeCursor(account: Account, id: string): string {
  return encodeBase62(uuidToBytes(id)) + markOf(account, id);
}

/** The id in a cursor. Throws `invalid-request` for one that was not written for this account. */
export function readCursor(account: Account, cursor: string): string {
  const bytes = decodeBase62(cursor.slice(0, ID_DIGITS), ID_BYTES);
  const id = bytes === undefined ? undefined : bytesToUuid(bytes);
  if (id === undefined || cursor.slice(ID_DIGITS) !== markOf(account, id)) throw foreignCursor();
  return id;
}

/** A cursor at a text. */
export function writeTextCursor(account: Account, text: string): string {
  return Buffer.from(text).toString('base64url') + markOf(account, text);
}

/** The text in a cursor. Throws `invalid-request` for one that was not written for this account. */
export function readTextCursor(account: Account, cursor: string): string {
  const text = Buffer.from(cursor.slice(0, -MARK_DIGITS), 'base64url').toString('utf8');
  if (writeTextCursor(account, text) !== cursor) throw foreignCursor();
  return text;
}

function foreignCursor(): PullpassError {
  return new PullpassError('invalid-request', {
    detail: 'The cursor does not belong to this list.',
    problems: [{ path: 'cursor', message: 'must be the nextCursor of an earlier answer' }],
  });
}

/** A cursor reveals nothing and authorises nothing, so this needs no key: it only tells our cursors from others. */
function markOf(account: Account, id: string): string {
  return encodeBase62(hash('sha256', `pullpass cursor ${account} ${id}`, 'buffer')).slice(-MARK_DIGITS);
}
