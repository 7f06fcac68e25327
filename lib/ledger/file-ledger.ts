/** The ledger of one machine: a file per day, an entry per line, in a directory that no restore changes. */

import { mkdirSync } from 'node:fs';
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { messageOf, PullpassError, unavailable } from '../domain/errors.ts';
import { LEDGER_SECONDS, type RevocationEntry } from '../domain/revocation.ts';
import { DAY_SECONDS, dayOf, toSeconds } from '../domain/time.ts';
import type { Ledger } from '../ports/ledger.ts';
import { firstDay, formatEntry, oldestDay, parseEntry } from './entry.ts';
import {
  appendLine,
  closeLineFile,
  isInPlace,
  type LineFile,
  type Lines,
  lineNumberAt,
  objectIn,
  openLineFile,
  readLines,
  readRegister,
  writeRegister,
} from './files.ts';

const SUFFIX = '.jsonl';

const DAY_FILE = /^\d{4}-\d\d-\d\d\.jsonl$/;

/**
 * One process at a time may write to the directory: the one that has the store open, by one such ledger. `append` throws
 * `unavailable` when the entry could not be written to the disk, `entries` throws `internal`, with file and line, for a
 * damaged one.
 */
export function fileLedger(directory: string, say: (line: string) => void = toStandardError): Ledger {
  let open: LineFile | undefined;
  let listing: Promise<unknown> = Promise.resolve();
  const listed = new Set<string>();

  /** After the day's first entry, so that a day that is listed has a file. */
  async function list(day: string): Promise<void> {
    if (listed.has(day)) return;
    const own = listing.then(() => listDay(directory, day));
    listing = own.catch(() => undefined);
    await own;
    listed.add(day);
  }

  function fileFor(entry: RevocationEntry): LineFile {
    const path = join(directory, dayOf(toSeconds(entry.at)) + SUFFIX);
    if (open?.path === path && isInPlace(open)) return open;
    close();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    open = openLineFile(path);
    if (open.cut > 0) say(`${path}: ${open.cut} bytes of an entry that was never acknowledged were cut off.`);
    return open;
  }

  function close(): void {
    if (open !== undefined) closeLineFile(open);
    open = undefined;
  }

  return {
    append: async entry => {
      try {
        appendLine(fileFor(entry), formatEntry(entry));
        await list(dayOf(toSeconds(entry.at)));
      } catch (cause) {
        close();
        throw unavailable(`ledger ${directory}: ${messageOf(cause)}`, { retryAfterSeconds: 1, cause });
      }
    },
    entries: async (span, from) => {
      const [day = firstDay(span), offset = '0'] = from?.split('/') ?? [];
      const { entries, next } = await readEntries(join(directory, day + SUFFIX), Number(offset));
      return {
        entries: entries.filter(({ at }) => at >= span.sinceMs),
        // Also days that are still to come: a clock that was ahead has written them.
        next: entries.length > 0 ? `${day}/${next}` : (await daysIn(directory)).find(other => other > day),
      };
    },
  };
}

async function readEntries(
  path: string,
  from: number,
): Promise<{ entries: RevocationEntry[]; next: number }> {
  const { entries, next, problems } = await lookAt(path, from);
  const [reason] = problems;
  if (reason !== undefined) throw new PullpassError('internal', { reason });
  return { entries, next };
}

interface Page {
  readonly entries: RevocationEntry[];
  readonly next: number;
  /** Lines that are damaged, by file and number. */
  readonly problems: readonly string[];
}

async function lookAt(path: string, from: number): Promise<Page> {
  const entries: RevocationEntry[] = [];
  const problems: string[] = [];
  const isDamaged = async (i: number, cause: unknown) => {
    const number = (await lineNumberAt(path, from)) + i;
    problems.push(`${path}, line ${number}, is damaged: ${messageOf(cause)}`);
  };
  const { lines, next, damaged } = await readLines(path, from).catch(unlessMissing(nothingAt(from)));
  if (damaged !== undefined) await isDamaged(0, damaged);
  for (const [i, line] of lines.entries()) {
    try {
      entries.push(parseEntry(objectIn(line)));
    } catch (cause) {
      await isDamaged(i, cause);
    }
  }
  return { entries, next, problems };
}

function nothingAt(from: number): Lines {
  return { lines: [], next: from };
}

async function listDay(directory: string, day: string): Promise<void> {
  const register = await readRegister(directory);
  if (register === undefined || register.days.includes(day)) return;
  // A ledger of an earlier version has files that are not listed.
  const days = [...new Set([...register.days, ...(await daysIn(directory))])].sort();
  await writeRegister(directory, { ...register, days });
}

/** The files of days that the ledger had and, by their age, would still have. Throws for a damaged register. */
export async function missingDays(directory: string, nowMs: number): Promise<string[]> {
  const [register, there] = await Promise.all([readRegister(directory), daysIn(directory)]);
  const expected = register?.days.filter(day => day >= oldestDay(nowMs)) ?? [];
  return expected.filter(day => !there.includes(day)).map(day => join(directory, day + SUFFIX));
}

/** Lists only the days that have a file and that are `wanted`. */
export async function unlistDays(directory: string, wanted: (day: string) => boolean): Promise<void> {
  const register = await readRegister(directory);
  if (register === undefined) return;
  const days = (await daysIn(directory)).filter(wanted);
  if (days.join() !== register.days.join()) await writeRegister(directory, { ...register, days });
}

/** Reads every line: how many entries there are, and which lines are damaged. */
export async function checkLedger(directory: string): Promise<{ entries: number; problems: string[] }> {
  let entries = 0;
  const problems: string[] = [];
  for (const day of await daysIn(directory)) {
    const path = join(directory, day + SUFFIX);
    for (let from = 0; ; ) {
      const page = await lookAt(path, from);
      entries += page.entries.length;
      problems.push(...page.problems);
      if (page.next === from) break;
      from = page.next;
    }
  }
  return { entries, problems };
}

/** In their order. */
async function daysIn(directory: string): Promise<string[]> {
  const files = await readdir(directory).catch(unlessMissing<string[]>([]));
  return files
    .filter(file => DAY_FILE.test(file))
    .map(file => file.slice(0, -SUFFIX.length))
    .sort();
}

/** More days than the ledger reaches back. */
const KEPT_DAYS = 2 * (LEDGER_SECONDS / DAY_SECONDS);

/** Deletes the days that are older than the ledger reaches back, and none of the latest: a clock may be ahead. */
export async function deleteOldDays(directory: string, nowMs: number): Promise<void> {
  const isOld = (day: string) => day < oldestDay(nowMs);
  const old = (await daysIn(directory)).slice(0, -KEPT_DAYS).filter(isOld);
  // First from the list, so that no day is missed that was deleted on purpose.
  if (old.length > 0) await unlistDays(directory, day => !old.includes(day));
  for (const day of old) await rm(join(directory, day + SUFFIX), { force: true });
}

/** Makes the directory if it is missing. Throws when it belongs to another user, or others may read or write it. */
export async function openLedgerDirectory(path: string): Promise<void> {
  await mkdir(path, { recursive: true, mode: 0o700 });
  const { uid, mode } = await stat(path);
  if (uid !== process.getuid?.()) throw new Error(`${path} belongs to another user.`);
  if ((mode & 0o077) !== 0) throw new Error(`${path} is open to others; close it with: chmod 700 ${path}`);
}

function unlessMissing<T>(instead: T): (error: NodeJS.ErrnoException) => T {
  return error => {
    if (error.code === 'ENOENT') return instead;
    throw error;
  };
}

function toStandardError(line: string): void {
  process.stderr.write(`${line}\n`);
}
