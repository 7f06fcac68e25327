/** A file that has its old text or its new text and nothing between, with the mode and the owner that it had. */
import { randomUUID } from 'node:crypto';
import { constants, rmSync, type Stats } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { syncDirectory } from '../../lib/files/atomic-file.ts';
import { systemCode } from '../errors.ts';

/** Where a file cannot be renamed to this one: a mount of its own, or a directory that may not be changed. */
const NOT_REPLACEABLE = ['EACCES', 'EBUSY', 'EPERM', 'EROFS', 'EXDEV'];

/** What some network file systems answer instead of waiting for the disk. */
const NO_SYNC = ['EINVAL', 'ENOSYS', 'ENOTSUP', 'EPERM'];

/** What ends a command by default. */
const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const;

/** `existing`: the regular file at `path`, whose mode and owner stay. `newMode`: of a file that is not there yet. */
export interface Replacement {
  readonly existing: Stats | undefined;
  readonly newMode: number;
}

/** Throws the error of the system, and then the file is as it was. */
export async function replace(path: string, bytes: Uint8Array, replacement: Replacement): Promise<void> {
  const { existing } = replacement;
  // Another name of the same file would keep the old text.
  if (existing !== undefined && existing.nlink > 1) return overwrite(path, bytes);
  try {
    await renameInto(path, bytes, replacement);
  } catch (error) {
    if (existing === undefined || !NOT_REPLACEABLE.includes(systemCode(error) ?? '')) throw error;
    await overwrite(path, bytes);
  }
}

async function renameInto(path: string, bytes: Uint8Array, replacement: Replacement): Promise<void> {
  const temporary = join(dirname(path), `.pullpass-${randomUUID()}`);
  const stop = onSignals(() => rmSync(temporary, { force: true }));
  try {
    await create(temporary, bytes, replacement);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  } finally {
    stop();
  }
  // A directory that may not be listed cannot be opened; the file is there all the same.
  await syncDirectory(dirname(path)).catch(() => undefined);
}

/** Private at first, so that a secret is never readable for a moment. */
async function create(path: string, bytes: Uint8Array, { existing, newMode }: Replacement): Promise<void> {
  await using file = await open(path, 'wx', 0o600);
  const created = await file.stat();
  const { uid, gid } = existing ?? created;
  if (uid !== created.uid || gid !== created.gid) await file.chown(uid, gid);
  await writeAll(file, bytes);
  const mode = (existing?.mode ?? newMode) & 0o7777;
  if (mode !== ((await file.stat()).mode & 0o7777)) await file.chmod(mode);
  await sync(file);
}

/** The old text is written again when the new one does not fit: its room on the disk is still there. */
async function overwrite(path: string, bytes: Uint8Array): Promise<void> {
  const before = await readFile(path).catch(() => undefined);
  await using file = await open(path, constants.O_WRONLY | constants.O_NOFOLLOW);
  try {
    await writeAll(file, bytes);
    await file.truncate(bytes.length);
    await sync(file);
  } catch (error) {
    if (before !== undefined) {
      await writeAll(file, before).catch(() => undefined);
      await file.truncate(before.length).catch(() => undefined);
    }
    throw error;
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let offset = 0; offset < bytes.length; ) {
    offset += (await file.write(bytes, offset, bytes.length - offset, offset)).bytesWritten;
  }
}

async function sync(file: FileHandle): Promise<void> {
  await file.sync().catch((error: unknown) => {
    if (!NO_SYNC.includes(systemCode(error) ?? '')) throw error;
  });
}

/** Runs `clean` before a signal ends the process. Answers a function that undoes this. */
function onSignals(clean: () => void): () => void {
  const end = (signal: NodeJS.Signals) => {
    stop();
    try {
      clean();
    } finally {
      process.kill(process.pid, signal);
    }
  };
  const stop = () => {
    for (const signal of SIGNALS) process.off(signal, end);
  };
  for (const signal of SIGNALS) process.on(signal, end);
  return stop;
}
