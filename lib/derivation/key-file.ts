/** A file of keys that nobody but its owner can read: the derivation key of one machine, and its credential key. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { link, open, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { RandomBytes } from '../ports.ts';

const KEY_BYTES = 32;
const FIRST_KEY = 'k1';
const READABLE_BY_OTHERS = 0o077;

export interface Keys {
  readonly current: string;
  readonly keys: ReadonlyMap<string, KeyObject>;
}

/**
 * The keys of the file at `path`, `{"current": name, "keys": {name: base64url of 32 bytes}}`. Throws when the file is
 * open to its group or to others, or holds anything else.
 */
export function readKeyFile(path: string): Keys {
  return parse(readPrivate(path), path);
}

/**
 * Makes the file at `path`, mode 0600, with one new key. False: there is a file already, which stays as it is: what was
 * made with its keys could not be made again.
 */
export async function createKeyFile(path: string, randomBytes: RandomBytes): Promise<boolean> {
  const key = Buffer.from(randomBytes(KEY_BYTES)).toString('base64url');
  const text = `${JSON.stringify({ current: FIRST_KEY, keys: { [FIRST_KEY]: key } }, null, 2)}\n`;
  const temporary = `${path}.${Buffer.from(randomBytes(KEY_BYTES)).toString('hex')}`;
  try {
    await writeDurably(temporary, text);
    return await linkUnlessTaken(temporary, path);
  } finally {
    await rm(temporary, { force: true });
    await syncDirectory(dirname(path));
  }
}

/** The mode is that of the file that is open, so that no other can be put in its place in between. */
function readPrivate(path: string): string {
  const file = openSync(path, 'r');
  try {
    if ((fstatSync(file).mode & READABLE_BY_OTHERS) !== 0) {
      throw new Error(`${path}: open to others; its mode must be 0600`);
    }
    return readFileSync(file, 'utf8');
  } finally {
    closeSync(file);
  }
}

/** The errors never quote the file. */
function parse(text: string, path: string): Keys {
  const { current, keys } = parseJson(text, path);
  if (typeof current !== 'string' || typeof keys !== 'object' || keys === null) {
    throw new Error(`${path}: must hold "current" and "keys"`);
  }
  const named = new Map(
    Object.entries(keys).map(([name, key]) => [name, secretKey(key, `${path}: ${name}`)]),
  );
  if (!named.has(current)) throw new Error(`${path}: the current key is not among the keys`);
  return { current, keys: named };
}

function parseJson(text: string, path: string): { current?: unknown; keys?: unknown } {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // The error of JSON.parse quotes the text.
  }
  if (typeof document !== 'object' || document === null) throw new Error(`${path}: not a JSON object`);
  return document;
}

function secretKey(key: unknown, where: string): KeyObject {
  const bytes = Buffer.from(typeof key === 'string' ? key : '', 'base64url');
  if (bytes.length !== KEY_BYTES || bytes.toString('base64url') !== key) {
    throw new Error(`${where}: not base64url of ${KEY_BYTES} bytes`);
  }
  return createSecretKey(bytes);
}

async function writeDurably(path: string, text: string): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  await file.writeFile(text);
  await file.sync();
}

/** A link, unlike a rename, never replaces what is there. */
async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
