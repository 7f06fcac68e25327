/** The key of each kind of item. What an account owns is in its partition, so each list is one consistent query. */
import { type Account, accountHandle } from '../domain/account.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { CredentialAddress } from '../ports/stores.ts';
import type { Key } from '../ports/table.ts';

/** What the sort keys of a kind begin with. */
export const TOKEN_PREFIX = 'token#';
export const NAMESPACE_PREFIX = 'namespace#';
export const REQUEST_PREFIX = 'request#';
const REVOKED_PREFIX = 'revoked#';
/** The whole sort key of a claim. */
export const CLAIM = 'claim';

/** How far the cleanup came. */
export const CHECKPOINT_KEY: Key = { pk: 'cleanup', sk: 'checkpoint' };

/** The key of a token, by the address in its value or by its account. */
export function tokenKey({ handle, id }: TokenAddress): Key {
  return { pk: partition(handle), sk: TOKEN_PREFIX + id };
}

/** The key of the claim, which is the authority over a namespace. */
export function claimKey(name: string): Key {
  return { pk: NAMESPACE_PREFIX + name, sk: CLAIM };
}

/** The key of a namespace in its account's index. */
export function registrationKey(account: Account, name: string): Key {
  return { pk: partitionOf(account), sk: NAMESPACE_PREFIX + name };
}

/** The key of what a request with an `Idempotency-Key` has done. */
export function requestKey(account: Account, hashedKey: string): Key {
  return { pk: partitionOf(account), sk: REQUEST_PREFIX + hashedKey };
}

/** The key of a revoked credential. */
export function revokedKey({ handle, jti }: CredentialAddress): Key {
  return { pk: partition(handle), sk: REVOKED_PREFIX + jti };
}

/** The key of a used nonce. */
export function nonceKey(nonce: string): Key {
  return { pk: `proof#${nonce}`, sk: 'used' };
}

/** The key of an audit record; `time` sorts as text. */
export function auditKey(handle: string, time: string, id: string): Key {
  return { pk: partition(handle), sk: `audit#${time}#${id}` };
}

/** The partition of an account. */
export function partitionOf(account: Account): string {
  return partition(accountHandle(account));
}

/** The partition of the account with this handle. */
export function partition(handle: string): string {
  return `account#${handle}`;
}
