/** The keys and attributes of stored items; a malformed item is refused, because it must never grant. */

import { PullpassError } from '../domain/errors.ts';
import {
  type Account,
  accountHandle,
  isIdentifierValue,
  isIssuerKey,
  qualify,
} from '../domain/identifiers.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import type { CounterName, CredentialAddress } from '../ports/stores.ts';
import type { Attributes, Item, Key, Value } from '../ports/table.ts';

/** What the sort keys of a kind begin with. */
export const TOKEN_PREFIX = 'token#';

export const NAMESPACE_PREFIX = 'namespace#';

export const REQUEST_PREFIX = 'request#';

export const AUDIT_PREFIX = 'audit#';

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

/** The key of the rules that an account has set. */
export function accountRulesKey(handle: string): Key {
  return { pk: partition(handle), sk: 'rules' };
}

/** The key of what a request with an `Idempotency-Key` has done. */
export function requestKey(account: Account, hashedKey: string): Key {
  return { pk: partitionOf(account), sk: REQUEST_PREFIX + hashedKey };
}

/** The key of the name of a token. */
export function nameKey(account: Account, name: string): Key {
  return { pk: partitionOf(account), sk: `name#${name}` };
}

/** The key of a revoked credential. */
export function revokedKey({ handle, jti }: CredentialAddress): Key {
  return { pk: partition(handle), sk: REVOKED_PREFIX + jti };
}

/** The key of a used nonce. */
export function nonceKey(nonce: string): Key {
  return { pk: `proof#${nonce}`, sk: 'used' };
}

/** The partition of an account's counters of pulls. */
export function usagePartition(handle: string): string {
  return `usage#${handle}`;
}

/** The key of a counter of pulls. */
export function usageKey(handle: string, { day, token, repository }: CounterName): Key {
  return { pk: usagePartition(handle), sk: `${day}#${token}#${repository}` };
}

/** The key of the counter that a token's limit is judged by. It sorts behind all days. */
export function limitKey(handle: string, { day, token }: Pick<CounterName, 'day' | 'token'>): Key {
  return { pk: usagePartition(handle), sk: `limit#${day}#${token}` };
}

/** The key of a refused login, in a partition of the account that holds nothing else: the login function may write there. */
export function refusedKey(handle: string, requestId: string): Key {
  return { pk: `refused#${handle}`, sk: requestId };
}

/** The key of an audit record; `time` sorts as text. */
export function auditKey(handle: string, time: string, id: string): Key {
  return { pk: partition(handle), sk: `${AUDIT_PREFIX}${time}#${id}` };
}

/** The partition of events that wait to be sent. */
export const OUTBOX = 'notices';

/** The key of an expiry that was announced, or will be. */
export function announcedKey(id: string): Key {
  return { pk: 'noticed', sk: id };
}

/** The partition of an account. */
export function partitionOf(account: Account): string {
  return partition(accountHandle(account));
}

/** The partition of the account with this handle. */
export function partition(handle: string): string {
  return `account#${handle}`;
}

/** The attributes to store: what is null or undefined is left out. */
export function attributesOf(facts: Readonly<Record<string, Value | undefined>>): Attributes {
  const present = Object.entries(facts).filter(([, value]) => value !== null && value !== undefined);
  return Object.fromEntries(present) as Attributes;
}

/** Undefined: the attribute does not hold what it should. */
type Parser<T> = (value: Value) => T | undefined;

export const asText: Parser<string> = value => (typeof value === 'string' ? value : undefined);

export const asInteger: Parser<number> = value =>
  Number.isSafeInteger(value) ? (value as number) : undefined;

export function asBytes(length: number): Parser<Uint8Array> {
  return value => (value instanceof Uint8Array && value.length === length ? value : undefined);
}

/** One of the given words. */
export function asOneOf<T extends string>(...words: readonly T[]): Parser<T> {
  return value => words.find(word => word === value);
}

/** A text that `accepts` accepts. */
export function asTextThat(accepts: (value: string) => boolean): Parser<string> {
  return value => (typeof value === 'string' && accepts(value) ? value : undefined);
}

/** A list, also an empty one, of texts that `accepts` accepts. */
export function asTextsThat(accepts: (value: string) => boolean): Parser<readonly string[]> {
  return value => (Array.isArray(value) && value.every(accepts) ? value : undefined);
}

/** A list, also an empty one, of any texts. */
export const asTexts: Parser<readonly string[]> = asTextsThat(() => true);

/** A map of texts. */
export const asTextsByName: Parser<Readonly<Record<string, string>>> = value =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as Readonly<Record<string, string>>)
    : undefined;

/** An account or a subject: both are qualified by an issuer. */
export const asQualified: Parser<Account> = value => {
  if (typeof value !== 'string') return undefined;
  const colon = value.indexOf(':');
  const [issuer, name] = [value.slice(0, Math.max(0, colon)), value.slice(colon + 1)];
  return isIssuerKey(issuer) && isIdentifierValue(name) ? qualify(issuer, name) : undefined;
};

/** The attribute, which must be there. */
export function read<T>(item: Item, name: string, parse: Parser<T>): T {
  const value = readOrNull(item, name, parse);
  if (value === null) throw malformed(item, name);
  return value;
}

/** The attribute; null where it is absent. */
export function readOrNull<T>(item: Item, name: string, parse: Parser<T>): T | null {
  const value = (item as Attributes)[name];
  if (value === undefined) return null;
  const parsed = parse(value);
  if (parsed === undefined) throw malformed(item, name);
  return parsed;
}

/** What follows the prefix in one part of an item's key. */
export function nameIn(item: Item, part: 'pk' | 'sk', prefix: string): string {
  const value = item[part];
  if (!value.startsWith(prefix)) throw malformed(item, part);
  return value.slice(prefix.length);
}

/** Whether the item is what a removed token or rule left. */
export function isTombstone(item: Item): boolean {
  return 'removedAt' in item;
}

/** The error for an item that this program does not write. Keys hold no secrets and name it in the log. */
export function malformed({ pk, sk }: Item, name: string): PullpassError {
  return new PullpassError('internal', { reason: `stored item ${pk} ${sk}: ${name} is malformed` });
}
