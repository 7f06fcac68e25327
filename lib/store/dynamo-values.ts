/** Items as DynamoDB's wire has them: every value says its type. */
import type { Attributes, Item, Value } from '../ports/table.ts';

/** In how far it is looked at (DynamoDB API, `AttributeValue`); bytes as the transport gives them. */
interface WireValue {
  readonly S?: string;
  readonly N?: string;
  readonly B?: Uint8Array | string;
  readonly L?: readonly WireValue[];
  readonly M?: Readonly<Record<string, WireValue>>;
}

export type WireItem = Readonly<Record<string, WireValue>>;

/** How a transport takes and gives bytes: as such, or as JSON has to, in base64. */
export type BytesForm = 'raw' | 'base64';

/** Throws RangeError for a number that is not whole. */
export function encodeValue(value: Value, bytes: BytesForm): object {
  if (value === null) return { NULL: true };
  if (typeof value === 'string') return { S: value };
  if (typeof value === 'number') return { N: digitsOf(value) };
  if (value instanceof Uint8Array) {
    return { B: bytes === 'raw' ? value : Buffer.from(value).toString('base64') };
  }
  if (Array.isArray(value)) return { L: value.map(text => ({ S: text })) };
  const entries = Object.entries(value as Readonly<Record<string, string>>);
  return { M: Object.fromEntries(entries.map(([name, text]) => [name, { S: text }])) };
}

export function encodeAttributes(attributes: Attributes, bytes: BytesForm): object {
  return Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [name, encodeValue(value, bytes)]),
  );
}

export function decodeItem(item: WireItem): Item {
  return Object.fromEntries(Object.entries(item).map(([name, value]) => [name, decodeValue(value)])) as Item;
}

function decodeValue({ S: text, N: digits, B: bytes, L: list, M: map }: WireValue): Value {
  if (text !== undefined) return text;
  if (digits !== undefined) return Number.isSafeInteger(Number(digits)) ? Number(digits) : null;
  if (bytes !== undefined) return typeof bytes === 'string' ? Buffer.from(bytes, 'base64') : bytes;
  if (list !== undefined) return textsOf(list);
  if (map === undefined) return null;
  const texts = textsOf(Object.values(map));
  return texts && Object.fromEntries(Object.keys(map).map((name, index) => [name, texts[index] as string]));
}

/** Null: not all of them are texts. */
function textsOf(values: readonly WireValue[]): string[] | null {
  const texts = values.map(({ S: text }) => text);
  return texts.every(text => text !== undefined) ? texts : null;
}

function digitsOf(value: number): string {
  if (!Number.isSafeInteger(value)) throw new RangeError(`${value} is not a whole number`);
  return String(value);
}
