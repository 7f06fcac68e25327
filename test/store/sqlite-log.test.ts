/** Damage in the write-ahead log of SQLite: where it is found, and what is only an incomplete last transaction. */
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkLog, findLogDamage } from '../../lib/store/sqlite-log.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';

const ITEMS = 20;
const FRAME = 24 + 4096;

let work: string;
let path: string;
let log: Buffer;

/** A store that ended suddenly: its log holds all items. */
beforeAll(async () => {
  work = mkdtempSync(join(tmpdir(), 'pullpass-log-'));
  const source = join(work, 'running.db');
  path = join(work, 'store.db');
  const table = openSqliteTable(source);
  for (let i = 0; i < ITEMS; i++) await table.put({ pk: 'a', sk: String(i), text: 'x'.repeat(300) });
  for (const suffix of ['', '-wal']) copyFileSync(source + suffix, path + suffix);
  table.close();
  log = readFileSync(`${path}-wal`);
});
afterAll(() => rmSync(work, { recursive: true }));

const flipped = (at: number) => {
  const bytes = Buffer.from(log);
  bytes.writeUInt8(bytes.readUInt8(at) ^ 4, at);
  return bytes;
};
/** Where the frames are that end a transaction. */
function commitsOf(bytes: Buffer): number[] {
  const all = Array.from({ length: (bytes.length - 32) / FRAME }, (_, i) => 32 + i * FRAME);
  return all.filter(at => bytes.readUInt32BE(at + 4) !== 0);
}
/** The same log with checksums in the byte order of the other kind of machine, from the description of the format. */
function swapped(bytes: Buffer): Buffer {
  const other = Buffer.from(bytes);
  other.writeUInt32BE(0x377f0683, 0);
  let [a, b] = [0, 0];
  const add = (from: number, to: number) => {
    for (let at = from; at < to; at += 8) {
      a = (a + other.readUInt32BE(at) + b) >>> 0;
      b = (b + other.readUInt32BE(at + 4) + a) >>> 0;
    }
  };
  const write = (at: number) => other.writeUInt32BE(b, other.writeUInt32BE(a, at));
  add(0, 24);
  write(24);
  for (let at = 32; at < other.length; at += FRAME) {
    add(at, at + 8);
    add(at + 24, at + FRAME);
    write(at + 16);
  }
  return other;
}
/** More than the last two transactions have. */
const LAST_BYTES = 6 * FRAME;

describe('a log', () => {
  it('that is whole, empty, or was cut off anywhere is not damaged', () => {
    expect(log.length).toBeGreaterThan(ITEMS * FRAME);
    for (let length = 0; length <= log.length; length += 977) {
      expect(findLogDamage(log.subarray(0, length))).toBeUndefined();
    }
    expect(findLogDamage(log)).toBeUndefined();
  });

  it('with one bit changed before its last transaction is damaged where that is', () => {
    for (let at = 0; at < log.length - LAST_BYTES; at += 331) {
      const found = findLogDamage(flipped(at));
      expect([at, found]).toEqual([at, at < 32 ? 0 : 32 + Math.floor((at - 32) / FRAME) * FRAME]);
    }
  });

  it('with a zeroed frame in the middle is damaged there', () => {
    const bytes = Buffer.from(log).fill(0, 32 + 3 * FRAME, 32 + 4 * FRAME);
    expect(findLogDamage(bytes)).toBe(32 + 3 * FRAME);
  });

  it('whose last transaction is incomplete is not damaged: it was never acknowledged', () => {
    for (let at = log.length - FRAME; at < log.length; at += 127) {
      expect(findLogDamage(flipped(at))).toBeUndefined();
    }
  });

  it('whose last transaction is half there, between the frames of an older log, is not damaged', async () => {
    const renewed = join(work, 'half.db');
    const table = openSqliteTable(renewed);
    const put = (i: number) => table.put({ pk: 'a', sk: String(i % 7), text: String(i % 10).repeat(60_000) });
    let older = Buffer.alloc(0);
    let [newer, puts] = [older, 0];
    // Until the log begins anew: its salts change.
    do {
      older = newer;
      await put(puts++);
      newer = readFileSync(`${renewed}-wal`);
    } while (older.length === 0 || older.subarray(16, 24).equals(newer.subarray(16, 24)));
    table.close();
    const mixed = Buffer.from(newer);
    older.copy(mixed, 32, 32, 32 + FRAME);
    expect(findLogDamage(newer)).toBeUndefined();
    expect(findLogDamage(mixed)).toBeUndefined();
  });

  it('whose last transaction but one is damaged in its last page is damaged there', () => {
    const [end = 0] = commitsOf(log).slice(-2);
    expect(findLogDamage(flipped(end + 100))).toBe(end);
  });

  it('whose last transaction has several pages, one of which is damaged, is not: it was never acknowledged', async () => {
    const large = join(work, 'large.db');
    const table = openSqliteTable(large);
    for (let i = 0; i < 3; i++) await table.put({ pk: 'a', sk: String(i), text: 'x'.repeat(30_000) });
    const bytes = readFileSync(`${large}-wal`);
    table.close();
    const [before = 0, end = 0] = commitsOf(bytes).slice(-2);
    expect((end - before) / FRAME).toBeGreaterThan(3);
    for (let at = before + FRAME; at <= end; at += FRAME) {
      const damaged = Buffer.from(bytes).fill(7, at + 100, at + 101);
      expect(findLogDamage(damaged)).toBeUndefined();
    }
  });

  it('of a machine with the other byte order is read in that order', () => {
    const other = swapped(log);
    expect(findLogDamage(other)).toBeUndefined();
    expect(findLogDamage(Buffer.from(other).fill(7, 5000, 5001))).toBe(32 + FRAME);
  });

  it('that is nothing but a damaged head is damaged', () => {
    expect(findLogDamage(flipped(9).subarray(0, 32))).toBe(0);
    expect(findLogDamage(flipped(9).subarray(0, 31))).toBeUndefined();
  });

  it('that begins anew, before the rest of an older one, is not damaged', async () => {
    const renewed = join(work, 'renewed.db');
    const table = openSqliteTable(renewed);
    // SQLite moves a log of 1 000 pages into the database, and begins it anew at the next write.
    for (let i = 0; i < 80; i++)
      await table.put({ pk: 'a', sk: String(i % 7), text: String(i % 10).repeat(60_000) });
    const bytes = readFileSync(`${renewed}-wal`);
    table.close();
    expect(bytes.length).toBeGreaterThan(1000 * FRAME);
    expect(findLogDamage(bytes)).toBeUndefined();
  });
});

it('checkLog names file and offset of a damaged log, and passes one that is missing', () => {
  const damaged = join(work, 'damaged-wal');
  writeFileSync(damaged, flipped(5000));
  expect(() => checkLog(damaged)).toThrow(`${damaged} is damaged at byte ${32 + FRAME}`);
  checkLog(join(work, 'missing-wal'));
});

it('checkLog takes nothing else for a log that is missing', () => {
  expect(() => checkLog(work)).toThrow('EISDIR');
  expect(() => checkLog(join(path, 'store.db-wal'))).toThrow('ENOTDIR');
});

it('a store whose log is damaged is not opened, and its files stay as they are', () => {
  const bytes = flipped(5000);
  writeFileSync(`${path}-wal`, bytes);
  expect(() => openSqliteTable(path)).toThrow(
    `The store ${path} cannot be opened: ${path}-wal is damaged at byte ${32 + FRAME}.`,
  );
  expect(readFileSync(`${path}-wal`).equals(bytes)).toBe(true);
});
