/** Writes of one turn of the event loop share a transaction, and each still succeeds or fails by itself. */
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { absent, compare } from '../../lib/ports/table.ts';
import { openDatabase } from '../../lib/store/sqlite-database.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { groupedWrites } from '../../lib/store/sqlite-writes.ts';

const keyOf = (name: string) => ({ pk: 'account#x', sk: `token#${name}` });

function countedDatabase() {
  const database = openDatabase(':memory:');
  const transactAll = vi.fn(database.transactAll);
  return { transactAll, writes: groupedWrites({ transactAll }) };
}

describe('grouped writes', () => {
  it('that are asked for in one turn share a transaction, in their order', async () => {
    const { transactAll, writes } = countedDatabase();
    const done: number[] = [];
    const acts = [1, 2, 3].map(number => writes.run(() => done.push(number)));
    expect(done).toEqual([]);
    expect(await Promise.all(acts)).toEqual([1, 2, 3]);
    expect(done).toEqual([1, 2, 3]);
    expect(transactAll).toHaveBeenCalledTimes(1);
  });

  it('that are asked for one after the other have a transaction each', async () => {
    const { transactAll, writes } = countedDatabase();
    await writes.run(() => 'first');
    await writes.run(() => 'second');
    expect(transactAll).toHaveBeenCalledTimes(2);
  });

  it('that were done at once have no transaction again', async () => {
    const { transactAll, writes } = countedDatabase();
    const act = writes.run(() => 'done');
    writes.flush();
    writes.flush();
    expect(await act).toBe('done');
    await setImmediate();
    expect(transactAll).toHaveBeenCalledTimes(1);
  });

  it('all fail when their transaction does', async () => {
    const writes = groupedWrites({
      transactAll: () => {
        throw new Error('the disk is gone');
      },
    });
    const results = await Promise.allSettled([writes.run(() => 1), writes.run(() => 2)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('are all undone when SQLite refuses one of them', async () => {
    const { writes } = countedDatabase();
    const put = (sk: string | null) =>
      writes.run(({ put: statement }) => statement.run('account#x', sk, '{}', 0).changes);
    const results = await Promise.allSettled([put('token#a'), put(null)]);
    expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
    const found = await writes.run(({ get }) => get.get('account#x', 'token#a'));
    expect(found).toBeUndefined();
  });
});

describe('the SQLite table', () => {
  it('gives one of two writes of the same turn the place that both want', async () => {
    const table = openSqliteTable(':memory:');
    const both = [1, 2].map(number => table.put({ ...keyOf('a'), number }, absent('pk')));
    expect(await Promise.all(both)).toEqual([true, false]);
    expect(await table.get(keyOf('a'))).toEqual({ ...keyOf('a'), number: 1 });
    table.close();
  });

  it('judges each write of a turn by what those before it left', async () => {
    const table = openSqliteTable(':memory:');
    await table.put({ ...keyOf('a'), version: 1 });
    const isFirst = compare('version', '=', 1);
    const both = [2, 3].map(version => table.update(keyOf('a'), { set: { version } }, isFirst));
    expect(await Promise.all(both)).toEqual([true, false]);
    table.close();
  });

  it('stores the writes beside one that it cannot encode', async () => {
    const table = openSqliteTable(':memory:');
    const results = await Promise.allSettled([
      table.put({ ...keyOf('a'), number: 1 }),
      table.put({ ...keyOf('b'), number: 0.5 }),
      table.put({ ...keyOf('c'), number: 3 }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    const { items } = await table.query({ pk: 'account#x', prefix: 'token#' });
    expect(items.map(({ number }) => number)).toEqual([1, 3]);
    table.close();
  });

  it('writes what is waiting before it is closed', async () => {
    const table = openSqliteTable(':memory:');
    const write = table.put({ ...keyOf('a'), number: 1 });
    table.close();
    expect(await write).toBe(true);
  });
});
