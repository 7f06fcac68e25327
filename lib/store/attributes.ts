/** Attribute values: written by hand, and parsed on the way out, because a malformed item must never grant. */
import type { AttributeValue } from '@aws-sdk/client-dynamodb';
import { type Account, isIdentifierValue, isIssuerKey, qualify } from '../domain/account.ts';
import { PullpassError } from '../domain/errors.ts';

export type Item = Readonly<Record<string, AttributeValue>>;

export const text = (value: string): AttributeValue => ({ S: value });
export const integer = (value: number): AttributeValue => ({ N: String(value) });
export const bytes = (value: Uint8Array): AttributeValue => ({ B: value });
export const texts = (values: readonly string[]): AttributeValue => ({ L: values.map(text) });
export const textsByName = (values: Readonly<Record<string, string>>): AttributeValue => ({
  M: Object.fromEntries(Object.entries(values).map(([name, value]) => [name, text(value)])),
});

/** Undefined: the attribute does not hold what it should. */
type Parser<T> = (value: AttributeValue) => T | undefined;

export const asText: Parser<string> = value => value.S;

export const asInteger: Parser<number> = ({ N: digits }) => {
  const number = Number(digits);
  return Number.isSafeInteger(number) ? number : undefined;
};

export function asBytes(length: number): Parser<Uint8Array> {
  return ({ B: value }) => (value?.length === length ? value : undefined);
}

/** One of the given words. */
export function asOneOf<T extends string>(...words: readonly T[]): Parser<T> {
  return ({ S: value }) => words.find(word => word === value);
}

/** A text that `accepts` accepts. */
export function asTextThat(accepts: (value: string) => boolean): Parser<string> {
  return ({ S: value }) => (value !== undefined && accepts(value) ? value : undefined);
}

/** A list, also an empty one, of texts that `accepts` accepts. */
export function asTextsThat(accepts: (value: string) => boolean): Parser<string[]> {
  return ({ L: values }) => {
    const parsed = values?.map(asTextThat(accepts));
    return parsed?.every(value => value !== undefined) ? parsed : undefined;
  };
}

/** A map of texts. */
export const asTextsByName: Parser<Record<string, string>> = ({ M: values }) => {
  const entries = Object.entries(values ?? {}).map(([name, { S: value }]) => [name, value] as const);
  const isComplete = values !== undefined && entries.every(([, value]) => value !== undefined);
  return isComplete ? (Object.fromEntries(entries) as Record<string, string>) : undefined;
};

/** An account or a subject: both are qualified by an issuer. */
export const asQualified: Parser<Account> = ({ S: value }) => {
  const [issuer = '', ...rest] = value?.split(':') ?? [];
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
  const value = item[name];
  if (value === undefined) return null;
  const parsed = parse(value);
  if (parsed === undefined) throw malformed(item, name);
  return parsed;
}

/** What is thrown for an item that this program does not write. Keys hold no secrets and name it in the log. */
export function malformed(item: Item, name: string): PullpassError {
  const key = `${item.pk?.S} ${item.sk?.S}`;
  return new PullpassError('internal', { reason: `stored item ${key}: ${name} is malformed` });
}
