/** Attributes of stored items: written without what is absent, and parsed on the way out, because a malformed item must never grant. */
import { type Account, isIdentifierValue, isIssuerKey, qualify } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';
import type { Attributes, Item, Value } from '../ports/table.ts';

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

/** A map of texts. */
export const asTextsByName: Parser<Readonly<Record<string, string>>> = value =>
  typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Uint8Array)
    ? (value as Readonly<Record<string, string>>)
    : undefined;

/** An account or a subject: both are qualified by an issuer. */
export const asQualified: Parser<Account> = value => {
  const [issuer = '', ...rest] = typeof value === 'string' ? value.split(':') : [];
  const name = rest.join(':');
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

/** The error for an item that this program does not write. Keys hold no secrets and name it in the log. */
export function malformed({ pk, sk }: Item, name: string): PullpassError {
  return new PullpassError('internal', { reason: `stored item ${pk} ${sk}: ${name} is malformed` });
}
