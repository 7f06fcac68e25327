/** What identifies things: UUIDs of version 7 and base62, and accounts and subjects, always qualified by their issuer. */
import { hash } from 'node:crypto';
import { v7 } from 'uuid';

/** Bytes as fixed-width base62, in an alphabet whose byte order is its numeric order. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const DIGITS = new Map([...ALPHABET].map((digit, value) => [digit, BigInt(value)]));

/** How many digits `byteLength` bytes need at most. */
export function base62Width(byteLength: number): number {
  return Math.ceil((byteLength * 8) / Math.log2(62));
}

/** Encodes big-endian bytes; the result always has `base62Width(bytes.length)` digits. */
export function encodeBase62(bytes: Uint8Array): string {
  let value = BigInt(`0x0${Buffer.from(bytes).toString('hex')}`);
  let digits = '';
  for (let i = base62Width(bytes.length); i > 0; i--) {
    digits = ALPHABET.charAt(Number(value % 62n)) + digits;
    value /= 62n;
  }
  return digits;
}

/** The inverse of `encodeBase62`; undefined for any text that it does not produce. */
export function decodeBase62(text: string, byteLength: number): Uint8Array | undefined {
  if (text.length !== base62Width(byteLength)) return undefined;
  let value = 0n;
  for (const character of text) {
    const digit = DIGITS.get(character);
    if (digit === undefined) return undefined;
    value = value * 62n + digit;
  }
  if (value >> BigInt(byteLength * 8) > 0n) return undefined;
  return Buffer.from(value.toString(16).padStart(byteLength * 2, '0'), 'hex');
}

/** As this program writes them: the `validate` of the package also takes upper case. */
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Random bytes that `uuidV7` takes. */
export const UUID_RANDOM_BYTES = 16;

export function uuidV7(msecs: number, random: Uint8Array): string {
  return v7({ msecs, random });
}

/** Whether `text` is a UUID of any version, in lower case and with hyphens. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/** The sixteen bytes of a UUID that `isUuid` accepts. */
export function uuidToBytes(uuid: string): Uint8Array {
  return Buffer.from(uuid.replaceAll('-', ''), 'hex');
}

/** The UUID of any sixteen bytes: the `stringify` of the package refuses those without a version. */
export function bytesToUuid(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

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
