/** What several routes read from a request: the actor, the caller, the service, the cursor. */

import { hash } from 'node:crypto';
import type { Account } from '../domain/account.ts';
import { decodeBase62, encodeBase62 } from '../domain/base62.ts';
import { PullpassError, unauthenticated } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { bytesToUuid, uuidToBytes } from '../domain/uuid.ts';
import type { IdentityRequest, Request } from '../http/request.ts';
import type { Actor } from '../usecases/audit.ts';
import type { Caller } from '../usecases/principal.ts';

export function actorOf({ identity, requestId, sourceAddress }: IdentityRequest): Actor {
  const { account, subject, strength, uniqueId } = identity;
  const known = uniqueId === undefined ? {} : { uniqueId };
  return { account, subject, strength, ...known, requestId, sourceAddress };
}

/** Throws `unauthenticated` for a proof that the identity phase should have recognised, and did not. */
export function callerOf({ presented, recognised }: Request): Caller {
  if (recognised !== undefined) return recognised;
  if (presented.kind === 'token') return { kind: 'token', secret: presented.secret };
  if (presented.kind === 'anonymous') return { kind: 'anonymous' };
  throw unauthenticated(`${presented.kind} was not recognised`);
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
      detail: 'The cursor is not one of this list.',
      problems: [{ path: 'cursor', message: 'must be the nextCursor of an earlier answer' }],
    });
  }
  return id;
}

/** A cursor gives nothing away and opens nothing, so this needs no key: it only tells ours from others. */
function markOf(account: Account, id: string): string {
  return encodeBase62(hash('sha256', `pullpass cursor ${account} ${id}`, 'buffer')).slice(-MARK_DIGITS);
}

/** Absent means the only service. Throws `unknown-service`. */
export function serviceNamed(name: string | undefined, services: readonly Service[]): Service {
  const [only, ...others] = services;
  if (name === undefined && only !== undefined && others.length === 0) return only;
  const service = services.find(candidate => candidate.name === name);
  if (service === undefined) throw new PullpassError('unknown-service');
  return service;
}
