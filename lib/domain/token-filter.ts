/** Which of an account's tokens a list is of. */
import type { Access } from './access.ts';
import { isEndingSoon } from './hygiene.ts';
import type { TokenRecord } from './token-record.ts';

export const TOKEN_STATES = ['active', 'disabled', 'expiring'] as const;
export type TokenState = (typeof TOKEN_STATES)[number];

/** What a token must be to be listed; an absent member demands nothing. */
export interface TokenFilter {
  /** What its identifier begins with. */
  readonly id?: string;
  /** Names and values that it must all have. */
  readonly labels?: readonly (readonly [name: string, value: string])[];
  readonly owner?: string;
  readonly access?: Access;
  readonly state?: TokenState;
  /** Not used for so long, with any of its values; one that was never used counts from when it was added. */
  readonly unusedForSeconds?: number;
  readonly expiresWithinSeconds?: number;
}

/** Whether the token is one that the list is of, at `now` in seconds since 1970. */
export function isListed(record: TokenRecord, filter: TokenFilter, now: number): boolean {
  const { id = '', labels = [], owner, access, state, unusedForSeconds, expiresWithinSeconds } = filter;
  const { expiresAt } = record;
  return (
    record.id.startsWith(id) &&
    labels.every(([name, value]) => Object.hasOwn(record.labels, name) && record.labels[name] === value) &&
    (owner === undefined || record.owner === owner) &&
    (access === undefined || record.access === access) &&
    (state === undefined || isIn(record, state, now)) &&
    (unusedForSeconds === undefined || now - (record.lastUsedAt ?? record.createdAt) >= unusedForSeconds) &&
    (expiresWithinSeconds === undefined || (expiresAt !== null && expiresAt - now <= expiresWithinSeconds))
  );
}

/** An expiring token is active, too, as long as it is not disabled. */
function isIn(record: TokenRecord, state: TokenState, now: number): boolean {
  if (state === 'disabled') return record.disabled !== null;
  return record.disabled === null && (state === 'active' || isEndingSoon(record, now));
}
