/** The files of a ledger: lines that are on the disk once they were appended, and the register of its table and days. */
import {
  closeSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readSync,
  statSync,
  writeSync,
} from 'node:fs';
import { mkdir, open, readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import * as v from '../domain/schema.ts';
import { replaceFile, sealed, unsealed } from '../files/atomic-file.ts';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/** A file of lines that is open for appending. One process at a time may have it; a damaged line is refused by its number. */
export interface LineFile {
  readonly path: string;
  readonly descriptor: number;
  /** So many bytes of an interrupted write were cut off. */
  readonly cut: number;
}

/**
 * Opens the file, and makes it if it is missing. The rest of an interrupted write, which was never acknowledged, is cut off.
 * Throws when the last line is damaged in another way.
 */
export function openLineFile(path: string): LineFile {
  const descriptor = openSync(path, 'a+', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const whole = endOfLines(descriptor, size);
    const isWhole = isLine(textAt(descriptor, whole, size));
    if (isWhole) writeSync(descriptor, '\n');
    else if (whole < size) ftruncateSync(descriptor, whole);
    if (size === 0) syncDirectory(dirname(path));
    return { path, descriptor, cut: isWhole ? 0 : size - whole };
  } catch (error) {
    closeSync(descriptor);
    throw error;
  }
}

/** Appends a JSON object; returns when it is on the disk. After an error the file has to be opened anew. */
export function appendLine({ descriptor }: LineFile, json: string): void {
  const bytes = Buffer.from(`${json.slice(0, -1)},"crc":${crc32(json)}}\n`);
  for (let done = 0; done < bytes.length; ) done += writeSync(descriptor, bytes, done);
  fsyncSync(descriptor);
}

/** Whether the open file is still the one at its path: what is written to another one would be lost. */
export function isInPlace({ path, descriptor }: LineFile): boolean {
  const there = statSync(path, { throwIfNoEntry: false });
  const open = fstatSync(descriptor);
  return there?.ino === open.ino && there.dev === open.dev;
}

export function closeLineFile({ descriptor }: LineFile): void {
  closeSync(descriptor);
}

export interface Lines {
  /** None: there are no more. */
  readonly lines: string[];
  /** The offset after them. */
  readonly next: number;
  /** The line that begins at the offset is the last one, and its end is damaged. */
  readonly damaged?: Error;
}

/** Some complete lines from an offset. */
export async function readLines(path: string, from: number): Promise<Lines> {
  await using file = await open(path, 'r');
  const { size } = await file.stat();
  for (let length = BLOCK_BYTES; ; length *= 2) {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, from);
    const end = buffer.subarray(0, bytesRead).lastIndexOf(NEWLINE) + 1;
    if (end > 0) {
      const lines = buffer.toString('utf8', 0, end - 1).split('\n');
      return { lines, next: from + end };
    }
    if (from + bytesRead < size) continue;
    return lastLine(buffer.toString('utf8', 0, bytesRead), from);
  }
}

function lastLine(rest: string, from: number): Lines {
  try {
    return isLine(rest) ? { lines: [rest], next: from + Buffer.byteLength(rest) } : { lines: [], next: from };
  } catch (error) {
    return { lines: [], next: from, damaged: error as Error };
  }
}

/**
 * Whether the end of a file, behind its last newline, is a line of which only the newline is missing; if not, it is what an
 * interrupted write has left. Throws when it is more than a line, because then the newline was there and is damaged.
 */
function isLine(rest: string): boolean {
  const ends = [...rest.matchAll(/,"crc":\d+\}/g)].map(({ index, 0: found }) => index + found.length);
  const end = ends.find(length => hasItsChecksum(rest.slice(0, length)));
  if (end !== undefined && end < rest.length) throw new Error('the newline behind the last line is damaged');
  return end !== undefined;
}

function hasItsChecksum(line: string): boolean {
  try {
    return objectIn(line) !== line;
  } catch {
    return false;
  }
}

const CHECKSUM = /,"crc":(\d+)\}$/;

/** The object in a line, as it was appended. Earlier versions wrote no checksum. Throws when it is another one's. */
export function objectIn(line: string): string {
  const found = CHECKSUM.exec(line);
  if (found === null) return line;
  const json = `${line.slice(0, found.index)}}`;
  if (crc32(json) !== Number(found[1])) throw new Error('the checksum does not match');
  return json;
}

/** The number of the line that begins at an offset, from 1. */
export async function lineNumberAt(path: string, offset: number): Promise<number> {
  const before = (await readFile(path)).subarray(0, offset);
  return before.reduce((lines, byte) => lines + Number(byte === NEWLINE), 1);
}

/** Where the last complete line ends. */
function endOfLines(descriptor: number, size: number): number {
  for (let end = size; end > 0; ) {
    const start = Math.max(0, end - BLOCK_BYTES);
    const buffer = Buffer.alloc(end - start);
    readSync(descriptor, buffer, 0, buffer.length, start);
    const newline = buffer.lastIndexOf(NEWLINE);
    if (newline >= 0) return start + newline + 1;
    end = start;
  }
  return 0;
}

function textAt(descriptor: number, from: number, to: number): string {
  const buffer = Buffer.alloc(to - from);
  readSync(descriptor, buffer, 0, buffer.length, from);
  return buffer.toString('utf8');
}

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}

const Register = v.strictObject({
  /** The names that the table may have; null: none, until the first start is finished. */
  names: v.array(v.nullable(v.string())),
  /** When the ledger began, in milliseconds since 1970. */
  since: v.pipe(v.number(), v.safeInteger()),
  /** Whether a process uses the table, or ended suddenly: a copy made meanwhile has the same name. */
  working: v.picklist([true, false]),
  /** The days that have a file; a register of an earlier version lists none. */
  days: v.optional(v.array(v.string()), []),
});

export type Register = v.InferOutput<typeof Register>;

export function registerPath(directory: string): string {
  return join(directory, 'table.json');
}

/** Undefined: there is none. Throws, with the path, for a damaged one. */
export async function readRegister(directory: string): Promise<Register | undefined> {
  const path = registerPath(directory);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    return v.parse(Register, JSON.parse(unsealed(text, path)));
  } catch (cause) {
    throw new Error(`${path} is damaged. Restore it from a backup.`, { cause });
  }
}

export async function writeRegister(directory: string, register: Register): Promise<void> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  await replaceFile(registerPath(directory), sealed(`${JSON.stringify(register, null, 2)}\n`), 0o600);
}
