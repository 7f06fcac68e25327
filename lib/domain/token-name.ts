/** The names that callers who ensure tokens give them: unique in an account, and in the paths of URLs as they are. */

import { uuidToBytes } from './identifiers.ts';
import { DAY_SECONDS } from './time.ts';

/** For JSON Schema: as Kubernetes takes the values of labels. */
export const TOKEN_NAME_SCHEMA = {
  pattern: '^[A-Za-z0-9](?:[A-Za-z0-9._-]{0,61}[A-Za-z0-9])?$',
  minLength: 1,
  maxLength: 63,
} as const;

const NAME = new RegExp(TOKEN_NAME_SCHEMA.pattern);

/** Many letters and digits in a row, as in keys: a secret in the wrong place would be stored, listed and logged. */
const SECRET = /(?=[A-Za-z]*\d)(?=\d*[A-Za-z])[A-Za-z\d]{24}/;

export function isTokenName(text: string): boolean {
  return NAME.test(text) && !SECRET.test(text);
}

/** A name outlives its token by so much, so that no clock takes it from a token that is still there. */
const NAME_SECONDS = 2 * DAY_SECONDS;

/** Until when the name of a token with this end is kept; null: for ever. */
export function nameEnd(expiresAt: number | null): number | null {
  return expiresAt === null ? null : expiresAt + NAME_SECONDS;
}

/**
 * Who finds a name whose token is not there adds the token, if the name was given so lately: half of the shortest life of a
 * token, so that none which was there has expired by then. A removed one has left a tombstone.
 */
const JOIN_MS = 30_000;

/** Whether the token with this id may still be about to be added. */
export function isBeingAdded(id: string, nowMs: number): boolean {
  return Math.abs(nowMs - timeOf(id)) < JOIN_MS;
}

const NEW_MS = 500;

/** Whether it was made a moment ago. */
export function isNew(id: string, nowMs: number): boolean {
  return Math.abs(nowMs - timeOf(id)) < NEW_MS;
}

/** The milliseconds since 1970 that a UUID of version 7 begins with (RFC 9562 section 5.7). */
function timeOf(id: string): number {
  return Buffer.from(uuidToBytes(id)).readUIntBE(0, 6);
}
