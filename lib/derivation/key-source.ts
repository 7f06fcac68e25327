/** Where keys are stored: in a file that only its owner can read, or in a secret of Secrets Manager. */
import { createSecretKey, type KeyObject } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { link, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Secrets } from '../aws/secrets.ts';
import { replaceFile, sealed, syncDirectory, unsealed, writeDurably } from '../files/atomic-file.ts';
import { withLock } from '../files/lock.ts';
import type { RandomBytes } from '../ports/system.ts';

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
  const { current, keys } = parseKeys(parseJson(readPrivate(path), path), path);
  return { current, keys: new Map(keys.map(([name, key]) => [name, secretKey(key, `${path}: ${name}`)])) };
}

/** The names and keys in such a document; the keys are not checked. Errors never quote them. */
export function parseKeys(
  { current, keys, ...others }: Readonly<Record<string, unknown>>,
  source: string,
): { current: string; keys: [name: string, key: unknown][] } {
  const isWhole = typeof current === 'string' && typeof keys === 'object' && keys !== null;
  if (!isWhole || Object.keys(others).length > 0) {
    throw new Error(`${source}: must hold "current" and "keys"`);
  }
  if (!Object.hasOwn(keys, current)) throw new Error(`${source}: the current key is not among the keys`);
  return { current, keys: Object.entries(keys) };
}

/**
 * Creates the file at `path`, mode 0600, with one new key. Returns false, and changes nothing, when there is one already:
 * secrets that were derived with its keys could not be derived again.
 */
export async function createKeyFile(path: string, randomBytes: RandomBytes): Promise<boolean> {
  const document = { current: FIRST_KEY, keys: { [FIRST_KEY]: newKey(randomBytes) } };
  const temporary = `${path}.${Buffer.from(randomBytes(16)).toString('hex')}`;
  try {
    await writeDurably(temporary, sealed(`${JSON.stringify(document, null, 2)}\n`), 0o600);
    return await linkUnlessTaken(temporary, path);
  } finally {
    await rm(temporary, { force: true });
    await syncDirectory(dirname(path));
  }
}

/** The document in a file. The mode is that of the file that is open: no other file can take its name in between. */
function readPrivate(path: string): string {
  const file = openSync(path, 'r');
  try {
    if ((fstatSync(file).mode & READABLE_BY_OTHERS) !== 0) {
      throw new Error(`${path}: open to others; its mode must be 0600`);
    }
    return unsealed(readFileSync(file, 'utf8'), path);
  } finally {
    closeSync(file);
  }
}

/** A link, unlike a rename, never replaces a file. */
async function linkUnlessTaken(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false;
    throw error;
  }
}

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
export function parseJson(text: string, source: string): Readonly<Record<string, unknown>> {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    // As for any other text that is not an object.
  }
  if (typeof document !== 'object' || document === null) throw new Error(`${source}: not a JSON object`);
  return document as Record<string, unknown>;
}

/** The document, while it is changed. */
export interface DocumentTransaction {
  read(): Promise<string | undefined>;
  /** Replaces what was read. */
  write(text: string): Promise<void>;
}

export interface KeySource {
  /** For errors. */
  readonly name: string;
  /** The text; undefined when there is none. */
  read(): Promise<string | undefined>;
  /** Runs `work`. Its write replaces exactly what it has read; when another writer was faster, it runs again. */
  transaction<T>(work: (document: DocumentTransaction) => Promise<T>): Promise<T>;
}

const LOCK = { patienceMs: 15_000 };

/** A file of mode 0600; one that is open to others is not read. */
export function fileKeySource(path: string): KeySource {
  const read = async () => {
    try {
      return readPrivate(path);
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
      throw error;
    }
  };
  const document: DocumentTransaction = { read, write: text => replaceFile(path, sealed(text), 0o600) };
  return {
    name: path,
    read,
    transaction: work => withLock(`${path}.lock`, LOCK, () => work(document)),
  };
}

/** The secret of that name. */
export function secretKeySource(secrets: Secrets, name: string): KeySource {
  return {
    name,
    read: () => secrets.read(name),
    transaction: work =>
      secrets.transaction(transaction =>
        work({ read: () => transaction.read(name), write: text => transaction.write(name, text) }),
      ),
  };
}
