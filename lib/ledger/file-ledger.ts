/** The ledger of one machine: a file for each day, an entry on each line, in a directory that no restore touches. */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PullpassError } from '../domain/errors.ts';
import type { RevocationEntry } from '../domain/loss.ts';
import type { Ledger } from '../ports-ledger.ts';
import { dayAfter, dayOf, firstDay, oldestDay } from './days.ts';
import { formatEntry, parseEntry } from './entry.ts';
import { appendLine, readLines } from './lines.ts';

const SUFFIX = '.jsonl';
const DAY_FILE = /^\d{4}-\d\d-\d\d\.jsonl$/;

/**
 * One process at a time may write to the directory: the one that has the store open. `append` throws `unavailable`
 * when the entry could not be brought to the disk.
 */
export function fileLedger(directory: string): Ledger {
  let last: Promise<unknown> = Promise.resolve();
  const append = async (entry: RevocationEntry) => {
    await mkdir(directory, { recursive: true, mode: 0o700 });
    await appendLine(join(directory, dayOf(entry.at) + SUFFIX), formatEntry(entry));
  };
  return {
    append: entry => {
      const turn = last.then(() => append(entry)).catch(refuse);
      last = turn.catch(() => undefined);
      return turn;
    },
    entries: async (span, from) => {
      const [day = firstDay(span), offset = '0'] = from?.split('/') ?? [];
      const { lines, next } = await linesOf(join(directory, day + SUFFIX), Number(offset));
      return {
        entries: lines.map(parseEntry).filter(({ at }) => at >= span.sinceMs),
        next: lines.length > 0 ? `${day}/${next}` : dayAfter(day, span.nowMs),
      };
    },
  };
}

/** Deletes the days that are over for longer than the ledger is kept. */
export async function forgetOldDays(directory: string, nowMs: number): Promise<void> {
  const files = await readdir(directory).catch(unlessMissing<string[]>([]));
  const old = files.filter(file => DAY_FILE.test(file) && file < oldestDay(nowMs));
  for (const file of old) await rm(join(directory, file), { force: true });
}

/** Makes the directory if it is missing. Throws when it belongs to somebody else, or others may look or write into it. */
export async function openLedgerDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(path);
  if (uid !== process.getuid?.()) throw new Error(`${path} belongs to another user.`);
  if ((mode & 0o077) !== 0) throw new Error(`${path} is open to others; close it with: chmod 700 ${path}`);
}

function linesOf(path: string, from: number): ReturnType<typeof readLines> {
  return readLines(path, from).catch(unlessMissing({ lines: [], next: from }));
}

function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return error => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}

function refuse(cause: unknown): never {
  throw new PullpassError('unavailable', { reason: 'ledger: not written', retryAfterSeconds: 1, cause });
}
