/** What several routes read from a request: the actor, the service, the cursor of a list. */
import { hash } from 'node:crypto';
import type { Account } from '../domain/account.ts';
import { decodeBase62, encodeBase62 } from '../domain/base62.ts';
import { PullpassError } from '../domain/errors.ts';
import type { IdentityPrincipal } from '../domain/principal.ts';
import type { Service } from '../domain/service.ts';
import { bytesToUuid, uuidToBytes } from '../domain/uuid.ts';
import type { Authenticated, HandlerOf } from '../http/request.ts';
import type { Actor } from '../usecases/acts.ts';

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

/** Without a name, the only service. Throws `unknown-service`. */
export function serviceNamed(name: string | undefined, services: readonly Service[]): Service {
  const [only, ...others] = services;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const service = services.find(candidate => candidate.name === name);
  if (service === undefined) throw new PullpassError('unknown-service');
  return service;
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
  if (id === undefined || cursor.slice(ID_DIGITS) !== markOf(account, id)) {
    throw new PullpassError('invalid-request', {
      detail: 'The cursor does not belong to this list.',
      problems: [{ path: 'cursor', message: 'must be the nextCursor of an earlier answer' }],
    });
  }
  return id;
}

/** A cursor reveals nothing and authorises nothing, so this needs no key: it only tells our cursors from others. */
function markOf(account: Account, id: string): string {
  return encodeBase62(hash('sha256', `pullpass cursor ${account} ${id}`, 'buffer')).slice(-MARK_DIGITS);
}
