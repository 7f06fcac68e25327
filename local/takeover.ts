/** Takes over the store of the first version, a LevelDB directory, at the first start of this one. */
import { cp, link, lstat, open, readFile, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { Item } from '../lib/ports/table.ts';
import { decodeItem, type WireItem } from '../lib/store/conditions.ts';
import { openSqliteTable } from '../lib/store/sqlite-table.ts';

export interface TakeOverOptions {
  /** The directory of the first version. */
  readonly from: string;
  /** The file of this version. */
  readonly to: string;
  /** The name of the table in the old store. */
  readonly table: string;
}

/**
 * Copies the items of the old store into a new one, and keeps the old one beside it as `<from>-v1-backup`. A start that
 * is cut off is continued by the next one. Throws, with path and cause, when the old store cannot be read: it is never
 * replaced by an empty one.
 */
export async function takeOver({ from, to, table }: TakeOverOptions): Promise<'taken-over' | 'nothing'> {
  const backup = `${from}-v1-backup`;
  const partial = `${to}.partial`;
  if (await exists(from)) {
    for (const other of [to, backup]) {
      if (await exists(other))
        throw new Error(`${from} and ${other} both hold a store; move one of them away.`);
    }
    await writeStore(partial, await readFirstVersion(from, table));
    await rename(from, backup);
  }
  // From here on the partial store is whole: the old one is renamed after it was written.
  const isWritten = (await exists(backup)) && (await exists(partial));
  if (!isWritten) return 'nothing';
  await rename(partial, to);
  await sync(dirname(to));
  return 'taken-over';
}

async function writeStore(path: string, items: readonly Item[]): Promise<void> {
  for (const file of [path, `${path}-wal`, `${path}-journal`]) await rm(file, { force: true });
  const store = openSqliteTable(path);
  try {
    store.putAll(items);
  } finally {
    // Moves what is in the log beside the file into the file.
    store.close();
  }
  await sync(path);
  await sync(dirname(path));
}

/** Reads a copy: opening a LevelDB changes it. */
async function readFirstVersion(directory: string, table: string): Promise<Item[]> {
  const copy = `${directory}-copy`;
  await rm(copy, { recursive: true, force: true });
  try {
    await cp(directory, copy, { recursive: true, filter: path => basename(path) !== 'LOCK' });
    // The same lock: a process of the first version that is still running has it, and would go on writing.
    await link(join(directory, 'LOCK'), join(copy, 'LOCK')).catch(ignoreMissing);
    const items = await readItems(copy, table);
    await checkLog(copy);
    return items;
  } catch (error) {
    throw new Error(`The store ${directory} of the first version cannot be read: ${explain(error)}`, {
      cause: error,
    });
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
}

async function readItems(directory: string, table: string): Promise<Item[]> {
  const { ClassicLevel } = await import('classic-level');
  const level = new ClassicLevel<string, WireItem>(directory, {
    valueEncoding: 'json',
    createIfMissing: false,
  });
  await level.open();
  try {
    // Every item's key begins so, and none begins with the character behind.
    const values = await level.values({ gt: `item-${table}~`, lt: `item-${table}\x7f` }).all();
    return values.map(decodeItem);
  } finally {
    await level.close();
  }
}

/** LevelDB drops damaged records and goes on, but writes so in its log. */
async function checkLog(directory: string): Promise<void> {
  const log = await readFile(join(directory, 'LOG'), 'utf8');
  const dropped = /dropping \d+ bytes; .*/.exec(log)?.[0];
  if (dropped !== undefined) throw new Error(dropped);
}

function explain(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(cause instanceof Error)) return String(cause);
  const isLocked = 'code' in cause && cause.code === 'LEVEL_LOCKED';
  return isLocked ? 'another process has it open.' : cause.message;
}

async function exists(path: string): Promise<boolean> {
  return (await lstat(path).catch(ignoreMissing)) !== undefined;
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

/** What a rename or a write has done is on the disk. */
async function sync(path: string): Promise<void> {
  const file = await open(path, 'r');
  await file.sync().finally(() => file.close());
}
