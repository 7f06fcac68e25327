/** A lock that is a file: one process at a time. */
import { open, rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

/**
 * Runs `work` with the lock at `path`, and waits for as long as other processes have it. One that has had it for
 * `patienceMs` is taken for dead, and its lock is taken over.
 */
export async function withLock<T>(path: string, patienceMs: number, work: () => Promise<T>): Promise<T> {
  await acquire(path, patienceMs);
  try {
    return await work();
  } finally {
    await rm(path, { force: true });
  }
}

/** Waiting is counted in polls of the same lock file, so that a clock that is set does not matter. */
async function acquire(path: string, patienceMs: number): Promise<void> {
  let holder: string | undefined;
  let waited = 0;
  while (!(await create(path))) {
    const seen = await identity(path);
    waited = seen === holder ? waited + POLL_MS : 0;
    holder = seen;
    if (waited >= patienceMs) await rm(path, { force: true });
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
