/** How an item's attributes are written in a row of SQLite: as JSON, in which bytes and maps say what they are. */
import type { Attributes, Value } from '../ports/table.ts';

/** Texts, numbers, lists of texts and null are themselves. */
type Stored = string | number | null | string[] | { bytes: string } | { map: Record<string, string> };

export function encodeAttributes(attributes: Attributes): string {
  const stored: Record<string, Stored> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) stored[name] = encode(value);
  }
  return JSON.stringify(stored);
}

export function decodeAttributes(json: string): Attributes {
  const values = JSON.parse(json) as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (typeof value === 'object' && value !== null) values[name] = decode(value as Stored);
  }
  return values as Attributes;
}

function encode(value: Value): Stored {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`no whole number: ${value}`);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return { map: value as Record<string, string> };
}

function decode(value: Stored): Value {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return value;
  return 'bytes' in value ? Buffer.from(value.bytes, 'base64') : value.map;
}
