/** Files that are replaced whole or not at all, also when the power fails. */
import { randomUUID } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';

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
  await file.writeFile(text);
  await file.chmod(mode);
  await file.sync();
}

/** Returns when the names in the directory are on the disk. */
export async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
