/** The ledger of one machine: a file per day, an entry per line, in a directory that no restore changes. */

import { type FileHandle, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { unavailable } from '../domain/errors.ts';
import type { RevocationEntry } from '../domain/revocation.ts';
import type { Ledger } from '../ports/ledger.ts';
import { dayAfter, dayOf, firstDay, formatEntry, oldestDay, parseEntry } from './entry.ts';

const SUFFIX = '.jsonl';

const DAY_FILE = /^\d{4}-\d\d-\d\d\.jsonl$/;

/**
 * One process at a time may write to the directory: the one that has the store open. `append` throws `unavailable`
 * when the entry could not be written to the disk.
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

/** Deletes the days that are older than the ledger reaches back. */
export async function deleteOldDays(directory: string, nowMs: number): Promise<void> {
  const files = await readdir(directory).catch(unlessMissing<string[]>([]));
  const old = files.filter(file => DAY_FILE.test(file) && file < oldestDay(nowMs));
  for (const file of old) await rm(join(directory, file), { force: true });
}

/** Makes the directory if it is missing. Throws when it belongs to another user, or others may read or write it. */
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
  throw unavailable('ledger: not written', { retryAfterSeconds: 1, cause });
}

const NEWLINE = 0x0a;

const BLOCK_BYTES = 64 * 1024;

/** Appends a line; returns when it is on the disk. The caller prevents other writes to the file meanwhile. */
async function appendLine(path: string, line: string): Promise<void> {
  await using file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  // The rest of an interrupted write was never acknowledged.
  const whole = await endOfLines(file, size);
  if (whole < size) await file.truncate(whole);
  await file.appendFile(`${line}\n`);
  await file.sync();
  if (size === 0) await syncDirectory(dirname(path));
}

/** Some complete lines from an offset, and the offset after them; none: there are no more. */
async function readLines(path: string, from: number): Promise<{ lines: string[]; next: number }> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  for (let length = BLOCK_BYTES; ; length *= 2) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const lines = buffer.toString('utf8', 0, end - 1).split('\n');
      return { lines, next: from + end };
    }
    if (from + bytesRead >= size) return { lines: [], next: from };
  }
}

/** Where the last complete line ends. */
async function endOfLines(file: FileHandle, size: number): Promise<number> {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const { buffer } = await file.read(Buffer.alloc(end - start), 0, end - start, start);
    const newline = buffer.lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

async function syncDirectory(path: string): Promise<void> {
  await using directory = await open(path, 'r');
  await directory.sync();
}
