/** A file of lines, each of which is on the disk once it was appended, and is refused by its number when it is damaged. */
import { closeSync, fstatSync, fsyncSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';
import { open, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { crc32 } from 'node:zlib';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/** A file that is open for appending. One process at a time may have it. */
export interface LineFile {
  readonly path: string;
  readonly descriptor: number;
}

/** Opens the file, and makes it if it is missing. The rest of an interrupted write, which was never acknowledged, is cut off. */
export function openLineFile(path: string): LineFile {
  const descriptor = openSync(path, 'a+', 0o600);
  try {
    const { size } = fstatSync(descriptor);
    const whole = endOfLines(descriptor, size);
    if (whole < size) ftruncateSync(descriptor, whole);
    if (size === 0) syncDirectory(dirname(path));
    return { path, descriptor };
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

export function closeLineFile({ descriptor }: LineFile): void {
  closeSync(descriptor);
}

/** Some complete lines from an offset, and the offset after them; none: there are no more. */
export async function readLines(path: string, from: number): Promise<{ lines: string[]; next: number }> {
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

function syncDirectory(path: string): void {
  const descriptor = openSync(path, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
