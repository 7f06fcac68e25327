/** The cursor of a token list: the id that the last page ended with, bound to the account and proof against typos. */
import { hash } from 'node:crypto';
import type { Account } from '../domain/account.ts';
import { decodeBase62, encodeBase62 } from '../domain/base62.ts';
import { PullpassError } from '../domain/errors.ts';
import { bytesToUuid, uuidToBytes } from '../domain/uuid.ts';

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
