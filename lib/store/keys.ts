/** Where each kind of item lies. What an account owns lies in its partition, so each list is one consistent Query. */
import { type Account, accountHandle } from '../domain/account.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { CredentialAddress } from '../ports/stores.ts';
import { type Item, malformed } from './attributes.ts';

/** A primary key as the operations take it. */
export type Key = Readonly<Record<'pk' | 'sk', { S: string }>>;

/** What the sort keys of a kind begin with. */
export const TOKEN_PREFIX = 'token#';
export const NAMESPACE_PREFIX = 'namespace#';
export const REQUEST_PREFIX = 'request#';
const ENDED_PREFIX = 'revoked#';
/** The whole sort key of a claim. */
export const CLAIM = 'claim';

/** Where the cleanup notes how far it came. */
export const CHECKPOINT_KEY = key('cleanup', 'checkpoint');

export function key(pk: string, sk: string): Key {
  return { pk: { S: pk }, sk: { S: sk } };
}

/** The key of a token, by the address in its value or by its account. */
export function tokenKey({ handle, id }: TokenAddress): Key {
  return key(partition(handle), TOKEN_PREFIX + id);
}

/** The key of the claim, which is the authority over a namespace. */
export function claimKey(name: string): Key {
  return key(NAMESPACE_PREFIX + name, CLAIM);
}

/** The key of a namespace in its account's index. */
export function registrationKey(account: Account, name: string): Key {
  return key(partitionOf(account), NAMESPACE_PREFIX + name);
}

/** The key of what a request with an `Idempotency-Key` has done. */
export function requestKey(account: Account, hashedKey: string): Key {
  return key(partitionOf(account), REQUEST_PREFIX + hashedKey);
}

/** The key of a credential that was ended. */
export function endedKey({ handle, jti }: CredentialAddress): Key {
  return key(partition(handle), ENDED_PREFIX + jti);
}

/** The key of an audit record; `time` sorts as text. */
export function auditKey(handle: string, time: string, id: string): Key {
  return key(partition(handle), `audit#${time}#${id}`);
}

/** The partition of an account. */
export function partitionOf(account: Account): string {
  return partition(accountHandle(account));
}

/** What follows the prefix in one part of an item's key. */
export function nameIn(item: Item, part: 'pk' | 'sk', prefix: string): string {
  const value = item[part]?.S;
  if (!value?.startsWith(prefix)) throw malformed(item, part);
  return value.slice(prefix.length);
}

/** The partition of the account with this handle. */
export function partition(handle: string): string {
  return `account#${handle}`;
}
