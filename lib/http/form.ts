/** The strict reader of `application/x-www-form-urlencoded` bytes, for queries and bodies alike. */
import { isAscii, isUtf8 } from 'node:buffer';
import { PullpassError } from '../domain/errors.ts';

/** Decodes UTF-8; anything else is an `invalid-request`. */
export function decodeUtf8(bytes: Buffer): string {
  if (!isUtf8(bytes)) throw invalid('The text is not valid UTF-8.');
  return bytes.toString('utf8');
}

/** Values by name, in their order. */
export type Form = ReadonlyMap<string, readonly string[]>;

/** A login may repeat `scope` for each of its resources, and BuildKit repeats some of them. Empty fields count. */
export const MAX_FIELDS = 256;

const [AMPERSAND, EQUALS, PLUS, PERCENT, SPACE] = [0x26, 0x3d, 0x2b, 0x25, 0x20];

/**
 * Reads a form (WHATWG URL section 5.1), but strictly: a broken escape, bytes that are not UTF-8 and too many fields are
 * an `invalid-request`, where the usual parsers pass `%zz` through and turn `%ff` into U+FFFD. Anyone may send a form, so
 * its bytes are passed over once and decoded where they are, and its fields are counted on the way.
 */
export function parseForm(encoded: Buffer | string): Form {
  const bytes = typeof encoded === 'string' ? Buffer.from(encoded) : encoded;
  const decode = decoderOf(bytes);
  const form = new Map<string, string[]>();
  let fields = 0;
  for (let start = 0; start < bytes.length; ) {
    if (++fields > MAX_FIELDS) throw invalid(`A form may have at most ${MAX_FIELDS} fields.`);
    const end = indexOrEnd(bytes, AMPERSAND, start);
    if (end > start) addField(form, bytes.subarray(start, end), decode);
    start = end + 1;
  }
  return form;
}

function addField(form: Map<string, string[]>, field: Buffer, decode: Decode): void {
  const split = indexOrEnd(field, EQUALS, 0);
  const name = decode(field, 0, split);
  const value = decode(field, split + 1, field.length);
  const values = form.get(name);
  if (values === undefined) form.set(name, [value]);
  else values.push(value);
}

function indexOrEnd(bytes: Buffer, byte: number, start: number): number {
  const index = bytes.indexOf(byte, start);
  return index < 0 ? bytes.length : index;
}

type Decode = (field: Buffer, start: number, end: number) => string;

/** Each name and value is UTF-8 of its own: none goes on in the next. What has nothing to decode is only copied. */
function decoderOf(bytes: Buffer): Decode {
  if (bytes.includes(PERCENT) || !isAscii(bytes)) {
    return (field, start, end) => decodeUtf8(decodeInPlace(field.subarray(start, end)));
  }
  // Scopes are separated by plus signs, and have nothing else to decode.
  const hasSpaces = bytes.includes(PLUS);
  return (field, start, end) => {
    if (hasSpaces) writeSpaces(field, start, end);
    return field.toString('latin1', start, end);
  };
}

function writeSpaces(bytes: Buffer, start: number, end: number): void {
  for (let i = start; i < end; i++) if (bytes[i] === PLUS) bytes[i] = SPACE;
}

/** The result is never longer. A second buffer of 64 KB would cost as much as the decoding. */
function decodeInPlace(bytes: Buffer): Buffer {
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i] ?? 0;
    if (byte === PERCENT) {
      bytes[length++] = escapedByte(bytes, i);
      i += 2;
    } else bytes[length++] = byte === PLUS ? SPACE : byte;
  }
  return bytes.subarray(0, length);
}

/** The byte that `%XX` stands for. */
function escapedByte(bytes: Buffer, start: number): number {
  const high = DIGITS[bytes[start + 1] ?? 0] ?? -1;
  const low = DIGITS[bytes[start + 2] ?? 0] ?? -1;
  if (high < 0 || low < 0) throw invalid('A percent escape is malformed.');
  return high * 16 + low;
}

/** The value of each byte as a hexadecimal digit; -1: it is none. */
const DIGITS = Int8Array.from({ length: 256 }, (_, byte) =>
  '0123456789abcdef'.indexOf(String.fromCharCode(byte).toLowerCase()),
);

/** The one value of a parameter; undefined when absent. Given twice it is an `invalid-request`: which one counts? */
export function single(form: Form, name: string): string | undefined {
  const values = form.get(name);
  if (values !== undefined && values.length > 1) throw givenTwice(name);
  return values?.[0];
}

export function givenTwice(name: string): PullpassError {
  return invalid(`The parameter ${name} is given more than once.`);
}

function invalid(detail: string): PullpassError {
  return new PullpassError('invalid-request', { detail });
}
