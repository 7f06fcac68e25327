/** Files that are replaced whole or not at all, also when the power fails, and documents that show when they were damaged. */
import { hash, randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { messageOf } from '../domain/errors.ts';

/** Replaces the file at `path` by one with this text and exactly this mode, with any umask. */
export async function replaceFile(path: string, text: string, mode: number): Promise<void> {
  const temporary = `${path}.${randomUUID()}`;
  try {
    await writeDurably(temporary, text, mode);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
  await syncDirectory(dirname(path));
}

/** Creates a file with this text and mode; returns when it is on the disk. */
export async function writeDurably(path: string, text: string, mode: number): Promise<void> {
  // Created private and opened afterwards, so that a private key is never readable for a moment.
  await using file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(text);
    await file.chmod(mode);
    await file.sync();
  } catch (cause) {
    // What fails on an open file does not say which it was.
    throw new Error(`${path} cannot be written: ${messageOf(cause)}`, { cause });
  }
}

/** Returns when the names in the directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}

/** How `JSON.stringify(document, null, 2)` and a newline end. */
const END = /\n}\n$/;
const SEAL = /,\n {2}"checksum": "([A-Za-z0-9_-]{43})"\n}\n$/;

/**
 * The document, an indented JSON object, with its checksum as its last member, so that a damaged one is refused and never
 * taken for another; any other text as it is.
 */
export function sealed(text: string): string {
  return text.replace(END, `,\n  "checksum": "${checksum(text)}"\n}\n`);
}

/** The document as it was sealed; one without a checksum is returned as it is. Throws, with `source`, for a damaged one. */
export function unsealed(text: string, source: string): string {
  const seal = SEAL.exec(text);
  if (seal === null) return text;
  const document = `${text.slice(0, seal.index)}\n}\n`;
  if (checksum(document) === seal[1]) return document;
  throw new Error(
    `${source} is damaged, or was changed by hand. Restore it from a backup; if you changed it, delete its line "checksum".`,
  );
}

function checksum(text: string): string {
  return hash('sha256', text, 'base64url');
}
