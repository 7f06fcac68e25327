/** Accounts and subjects, always qualified by their issuer. */
import { hash } from 'node:crypto';
import { encodeBase62 } from './identifiers.ts';

/** The tenant, `<issuer key>:<value>`. */
export type Account = `${string}:${string}`;
/** A user or service in an account, `<issuer key>:<value>`. */
export type Subject = `${string}:${string}`;

const ISSUER_KEY = /^[a-z][a-z0-9-]{0,31}$/;
const VALUE = /^[\x21-\x7e]{1,256}$/;

/** Digits of the handle: 16 × log2(62) ≈ 95 bit, enough that no two accounts have the same. */
export const HANDLE_LENGTH = 16;
const HANDLE = new RegExp(`^[0-9A-Za-z]{${HANDLE_LENGTH}}$`);

/** Whether `key` may name an issuer. */
export function isIssuerKey(key: string): boolean {
  return ISSUER_KEY.test(key);
}

/** Whether a claim's value can be an account or subject: printable ASCII, so that a name has one spelling. */
export function isIdentifierValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}

/** Both parts must have been checked. */
export function qualify(issuer: string, value: string): `${string}:${string}` {
  return `${issuer}:${value}`;
}

/** Represents an account in keys and tokens: of fixed length, and without telling which account it is. */
export function accountHandle(account: Account): string {
  return encodeBase62(hash('sha256', `pullpass account${account}`, 'buffer')).slice(0, HANDLE_LENGTH);
}

/** Whether `text` has the form of a handle. */
export function isHandle(text: string): boolean {
  return HANDLE.test(text);
}
