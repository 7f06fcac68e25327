/** A store on a file system that has become read-only: it is whole, and no one is told to restore a backup. */
import { accessSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { findStoreDamage } from '../../local/findings.ts';

// Needs a module of its own, which only a slow test has: no test may mount a file system.
vi.mock('node:fs', { spy: true });

let directory = '';
let path = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pullpass-read-only-'));
  path = join(directory, 'store.db');
  // It cannot be opened either way.
  writeFileSync(
    path,
    'no database, as SQLite sees it, but as long as one has to be to be looked at: '.repeat(20),
  );
});
afterEach(() => {
  vi.mocked(accessSync).mockReset();
  rmSync(directory, { recursive: true });
});

const refuse = (code: string) =>
  vi.mocked(accessSync).mockImplementation(() => {
    throw Object.assign(new Error(code), { code });
  });

it('a store on a read-only file system is refused with that cause', () => {
  refuse('EROFS');
  expect(() => openSqliteTable(path)).toThrow(
    `The store ${path} cannot be opened: its file system is read-only.`,
  );
});

it('a store on a read-only file system is not looked at, and not called damaged', async () => {
  refuse('EROFS');
  await expect(findStoreDamage(path)).rejects.toThrow(
    `The store ${path} cannot be opened: its file system is read-only. Verify a copy of it`,
  );
});

it('a store that cannot be opened for another reason is damaged', async () => {
  for (const prepare of [() => undefined, () => refuse('EACCES')]) {
    prepare();
    expect((await findStoreDamage(path)).damage).toEqual([
      expect.stringContaining(`The store ${path} cannot be opened: file is not a database`),
    ]);
  }
});
