/** Files of lines that are only ever added to, and survive the end of the process, or of the power, at any moment. */
import { type FileHandle, open } from 'node:fs/promises';
import { dirname } from 'node:path';

const NEWLINE = 0x0a;
const BLOCK_BYTES = 64 * 1024;

/** Adds a line; returns when it is on the disk. The caller lets nobody else write to the file meanwhile. */
export async function appendLine(path: string, line: string): Promise<void> {
  await using file = await open(path, 'a+', 0o600);
  const { size } = await file.stat();
  // What a write that broke off has left was never acknowledged.
  const whole = await endOfLines(file, size);
  if (whole < size) await file.truncate(whole);
  await file.appendFile(`${line}\n`);
  await file.sync();
  if (size === 0) await syncDirectory(dirname(path));
}

/** Some whole lines from an offset on, and the offset behind them; none: there are no more. */
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

/** Where the last whole line ends. */
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
