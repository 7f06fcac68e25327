/**
 * A lock between processes, in files `<path>.<generation>`: the highest generation is the lock. A lock that was left behind
 * is never removed but followed by the next generation, which one process alone can create; removing it is what lets two
 * waiters in at once.
 */
import { open, readdir, readFile, readlink, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const POLL_MS = 50;

export interface LockOptions {
  /** How long one process may have the lock. */
  readonly patienceMs: number;
  /** After so long a waiter says what it waits for. */
  readonly noticeMs?: number;
  readonly say?: (line: string) => void;
  /** Asked while waiting: once it answers true, GaveUp is thrown. */
  readonly giveUp?: () => Promise<boolean>;
}

const DEFAULTS = {
  noticeMs: 1000,
  say: (line: string) => void process.stderr.write(`${line}\n`),
  giveUp: async () => false,
} as const;

/** Who has a lock: a process, on a host whose processes we may be able to see, or not. */
interface Holder {
  readonly pid: number;
  /** When the process began, so that a later one with its number is not taken for it; '': not known here. */
  readonly startedAt: string;
  readonly host: string;
}

const RELEASED = 'released';

/** Another process, which is running, has the lock for too long. */
export class StillLocked extends Error {
  override readonly name = 'StillLocked';
}

/** The lock is not waited for any longer, as `giveUp` wants it. */
class GaveUp extends Error {
  override readonly name = 'GaveUp';
}

/**
 * Runs `work` with the lock, and waits for as long as another process has it. A process that has ended has it no longer;
 * one on a host that cannot be seen from here is taken for dead after `patienceMs`. Throws StillLocked when a process that
 * is running has it for longer.
 */
export async function withLock<T>(path: string, options: LockOptions, work: () => Promise<T>): Promise<T> {
  const file = await acquire(path, { ...DEFAULTS, ...options });
  try {
    return await work();
  } finally {
    await release(file);
  }
}

async function acquire(path: string, options: Required<LockOptions>): Promise<string> {
  const { patienceMs, noticeMs, say, giveUp } = options;
  let last: string | undefined;
  let waitedMs = 0;
  let isSaid = false;
  for (;;) {
    const generation = await highest(path);
    const text = await readFile(`${path}.${generation}`, 'utf8').catch(absent);
    const state = `${generation} ${text}`;
    waitedMs = state === last ? waitedMs + POLL_MS : 0;
    last = state;
    if (generation === 0 || (await isFree(text, { path, overdue: waitedMs >= patienceMs }))) {
      const file = await begin(path, generation + 1);
      if (file !== undefined) return file;
    } else {
      if (waitedMs >= noticeMs && !isSaid) say(`Waiting for ${path}, which ${nameOf(holderIn(text))} has.`);
      isSaid ||= waitedMs >= noticeMs;
      if (await giveUp()) throw new GaveUp(`${path} is not waited for any longer.`);
      await sleep(POLL_MS);
    }
  }
}

function nameOf(holder: Holder | undefined): string {
  return holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}`;
}

/** Creates that generation; undefined when another process was faster, with it or with a later one. */
async function begin(path: string, generation: number): Promise<string | undefined> {
  const file = `${path}.${generation}`;
  try {
    await writeFile(file, JSON.stringify(await ourselves()), { flag: 'wx', mode: 0o600 });
  } catch (error) {
    if (isCode(error, 'EEXIST')) return undefined;
    // A full disk leaves an empty file, which others would wait for.
    await rm(file, { force: true }).catch(() => undefined);
    throw error;
  }
  // The process that began a later one may have removed this one before: the highest is never removed, so it is seen here.
  const others = await generations(path);
  if (others.some(other => other > generation)) {
    await rm(file, { force: true });
    return undefined;
  }
  for (const other of others) if (other < generation) await rm(`${path}.${other}`, { force: true });
  return file;
}

/** Stays as the highest generation; nothing to do when it was taken over meanwhile. */
async function release(file: string): Promise<void> {
  const opened = await open(file, 'r+').catch(absent);
  await opened?.truncate();
  await opened?.writeFile(RELEASED);
  await opened?.close();
}

async function isFree(
  text: string | undefined,
  { path, overdue }: { readonly path: string; readonly overdue: boolean },
): Promise<boolean> {
  if (text === RELEASED) return true;
  const holder = holderIn(text);
  if (holder === undefined || holder.host !== (await ourHost())) return overdue;
  if (!(await isAlive(holder))) return true;
  if (overdue) throw new StillLocked(`${path} is locked by process ${holder.pid}, which is still running.`);
  return false;
}

function holderIn(text: string | undefined): Holder | undefined {
  try {
    const { pid, startedAt, host } = JSON.parse(text ?? '') as Holder;
    return Number.isSafeInteger(pid) && pid > 0 ? { pid, startedAt, host } : undefined;
  } catch {
    return undefined;
  }
}

async function isAlive({ pid, startedAt }: Holder): Promise<boolean> {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: it runs as another user.
    if (!isCode(error, 'EPERM')) return false;
  }
  return startedAt === (await startOf(pid));
}

async function ourselves(): Promise<Holder> {
  return { pid: process.pid, startedAt: await startOf(process.pid), host: await ourHost() };
}

/** On Linux, in ticks since the host was started (proc(5), `/proc/pid/stat`, field 22); elsewhere ''. */
async function startOf(pid: number): Promise<string> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8').catch(() => '');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // A zombie has ended, though its parent does not know yet.
  return fields[0] === 'Z' ? '' : (fields[19] ?? '');
}

/** A container has its own numbers of processes, also where it shares the name of its host. */
async function ourHost(): Promise<string> {
  return `${hostname()} ${await readlink('/proc/self/ns/pid').catch(() => '')}`;
}

async function highest(path: string): Promise<number> {
  return Math.max(0, ...(await generations(path)));
}

async function generations(path: string): Promise<number[]> {
  const prefix = `${basename(path)}.`;
  const names = await readdir(dirname(path));
  return names
    .filter(name => name.startsWith(prefix) && /^[1-9]\d*$/.test(name.slice(prefix.length)))
    .map(name => Number(name.slice(prefix.length)));
}

function absent(error: unknown): undefined {
  if (!isCode(error, 'ENOENT')) throw error;
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code;
}
