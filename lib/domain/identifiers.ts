/** What identifies things: UUIDs of version 7 and base62, and accounts and subjects, always qualified by their issuer. */
import { hash } from 'node:crypto';
import { v7 } from 'uuid';

/** Bytes as fixed-width base62, in an alphabet whose byte order is its numeric order. */
const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const NO_DIGIT = 255;
/** The value of each digit, by its character code. */
const DIGITS = new Uint8Array(128).fill(NO_DIGIT);
for (let value = 0; value < ALPHABET.length; value++) DIGITS[ALPHABET.charCodeAt(value)] = value;

/** Numbers are worked on in limbs of 16 bits and groups of five digits: a limb times a group is exact in a double. */
const LIMB = 0x1_0000;
const GROUP = 5;
const GROUP_VALUE = 62 ** GROUP;

/** How many digits `byteLength` bytes need at most. */
export function base62Width(byteLength: number): number {
  return Math.ceil((byteLength * 8) / Math.log2(62));
}

/** Encodes big-endian bytes; the result always has `base62Width(bytes.length)` digits. */
export function encodeBase62(bytes: Uint8Array): string {
  const limbs = limbsOf(bytes);
  let digits = '';
  for (let left = base62Width(bytes.length); left > 0; left -= GROUP) {
    digits = lastDigits(divideByGroup(limbs), Math.min(GROUP, left)) + digits;
  }
  return digits;
}

/** As `encodeBase62` encodes the four big-endian bytes of it. */
export function encodeUint32(value: number): string {
  return lastDigits(value, base62Width(4));
}

/** The last digits of a number. */
function lastDigits(value: number, count: number): string {
  let digits = '';
  for (let [left, rest] = [count, value]; left > 0; left--) {
    digits = ALPHABET.charAt(rest % 62) + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

function limbsOf(bytes: Uint8Array): number[] {
  const odd = bytes.length % 2;
  const limbs: number[] = [];
  for (let i = -odd; i < bytes.length; i += 2) limbs.push((bytes[i] ?? 0) * 0x100 + (bytes[i + 1] ?? 0));
  return limbs;
}

/** Divides in place, and returns the remainder. */
function divideByGroup(limbs: number[]): number {
  let remainder = 0;
  for (let i = 0; i < limbs.length; i++) {
    const value = remainder * LIMB + (limbs[i] ?? 0);
    const quotient = Math.floor(value / GROUP_VALUE);
    limbs[i] = quotient;
    remainder = value - quotient * GROUP_VALUE;
  }
  return remainder;
}

/** The inverse of `encodeBase62`; undefined for any text that it does not produce. */
export function decodeBase62(text: string, byteLength: number): Uint8Array | undefined {
  if (text.length !== base62Width(byteLength)) return undefined;
  // One limb more than there are bytes: what overflows into it was no text of ours.
  const limbs = new Array<number>(Math.ceil(byteLength / 2) + 1).fill(0);
  for (let at = 0; at < text.length; ) {
    let [factor, addend] = [1, 0];
    for (const end = Math.min(at + GROUP, text.length); at < end; at++) {
      const digit = DIGITS[text.charCodeAt(at)] ?? NO_DIGIT;
      if (digit === NO_DIGIT) return undefined;
      factor *= 62;
      addend = addend * 62 + digit;
    }
    multiply(limbs, factor, addend);
  }
  // Every byte of it is written.
  const bytes = Buffer.allocUnsafe(byteLength);
  for (let i = 0; i < byteLength; i++) {
    const limb = limbs[limbs.length - 1 - (i >> 1)] ?? 0;
    bytes[byteLength - 1 - i] = i % 2 === 0 ? limb % 0x100 : limb >> 8;
  }
  const isWhole = limbs[0] === 0 && (byteLength % 2 === 0 || (limbs[1] ?? 0) < 0x100);
  return isWhole ? bytes : undefined;
}

/** Multiplies and adds in place. */
function multiply(limbs: number[], factor: number, addend: number): void {
  let carry = addend;
  for (let i = limbs.length - 1; i >= 0; i--) {
    const value = (limbs[i] ?? 0) * factor + carry;
    carry = Math.floor(value / LIMB);
    limbs[i] = value - carry * LIMB;
  }
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
  const hex = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
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
export function isIssuerKey(key: unknown): key is string {
  return typeof key === 'string' && ISSUER_KEY.test(key);
}

/** Whether a claim's value can be an account or subject: printable ASCII, so that a name has one spelling. */
export function isIdentifierValue(value: unknown): value is string {
  return typeof value === 'string' && VALUE.test(value);
}

/** Both parts must have been checked. */
export function qualify(issuer: string, value: string): `${string}:${string}` {
  return `${issuer}:${value}`;
}

/** Those computed last: a login asks for the same one three times. */
const handles = new Map<Account, string>();
const MAX_HANDLES = 1_000;

/** Represents an account in keys and tokens: of fixed length, and without telling which account it is. */
export function accountHandle(account: Account): string {
  const known = handles.get(account);
  if (known !== undefined) return known;
  const handle = encodeBase62(hash('sha256', `pullpass account${account}`, 'buffer')).slice(0, HANDLE_LENGTH);
  if (handles.size === MAX_HANDLES) handles.clear();
  handles.set(account, handle);
  return handle;
}

/** Whether `text` has the form of a handle. */
export function isHandle(text: string): boolean {
  return HANDLE.test(text);
}
