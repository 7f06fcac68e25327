/** How keys stand in documents: base64url of 32 bytes. No error quotes one. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import type { RandomBytes } from '../ports.ts';

const KEY_BYTES = 32;
/** The name of a document's first key. */
export const FIRST_KEY = 'k1';

export function newKey(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(KEY_BYTES)).toString('base64url');
}

/** Throws for anything but a key. */
export function secretKey(key: unknown, where: string): KeyObject {
  const bytes = Buffer.from(typeof key === 'string' ? key : '', 'base64url');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== key) {
    throw new Error(`${where}: not base64url of ${KEY_BYTES} bytes`);
  }
  return createSecretKey(bytes);
}

/** The object that a text holds. The error of JSON.parse would quote the text. */
export function parseJson(text: string, place: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // As for any other text that is no object.
  }
  if (typeof document !== 'object' || document === null) throw new Error(`${place}: not a JSON object`);
  return document as Record<string, unknown>;
}
