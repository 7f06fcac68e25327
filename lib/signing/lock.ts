/** One process at a time: a lock that is a file. */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;
/** A holder works for milliseconds; one that has not moved for so long was killed. */
const ABANDONED_MS = 10_000;

/** Runs `work` while nobody else holds the lock file at `path`; waits for as long as others come before. */
export async function withLock<T>(path: string, work: () => Promise<T>): Promise<T> {
  await acquire(path);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Waiting is counted in polls of one and the same lock file, so that no clock has to be believed. */
async function acquire(path: string): Promise<void> {
  let holder: string | undefined;
  let waited = 0;
  while (!(await create(path))) {
    const seen = await identity(path);
    waited = seen === holder ? waited + POLL_MS : 0;
    holder = seen;
    if (waited >= ABANDONED_MS) await rm(path, { force: true });
    else await sleep(POLL_MS);
  }
}

async function create(path: string): Promise<boolean> {
  try {
    await (await open(path, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (isCode(error, 'EEXIST')) return false;
    throw error;
  }
}

async function identity(path: string): Promise<string | undefined> {
  try {
    const { ino, mtimeNs } = await stat(path, { bigint: true });
    return `${ino}:${mtimeNs}`;
  } catch (error) {
    if (isCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
