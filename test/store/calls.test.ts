/** The table that counts: each call once, and those that failed, but not those that were given up. */

import { describe, expect, it } from 'vitest';
import { absent, type Table } from '../../lib/ports/table.ts';
import { countedTable } from '../../lib/store/calls.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { mapTable } from '../fakes/map-table.ts';
import { recordedTable } from '../support/faulty-table.ts';

const KEY = { pk: 'p', sk: 's' };

/** A counting table on another one, and what it has counted. */
function counting(table: Table) {
  const counts: string[] = [];
  return { counts, table: countedTable(table, { ...NO_METRICS, count: name => void counts.push(name) }) };
}

const { signal } = new AbortController();
const CALLS = {
  get: [KEY],
  batchGet: [[KEY]],
  query: [{ pk: 'p', prefix: '' }],
  scan: [{ limit: 1 }],
  insert: [KEY],
  put: [KEY, absent('pk'), signal],
  update: [KEY, { set: { a: 1 } }, absent('pk'), signal],
  delete: [KEY, absent('pk')],
} as const satisfies { [Name in keyof Table]: Parameters<Table[Name]> };
const names = Object.keys(CALLS) as (keyof Table)[];
const call = (table: Table, name: keyof Table, args: readonly unknown[] = CALLS[name]) =>
  (table[name] as (...args: readonly unknown[]) => Promise<unknown>)(...args);

describe('a counted table', () => {
  it.each(names)('passes %s on with its answer, and counts it once', async name => {
    const { table: recorded, calls } = recordedTable(mapTable());
    const { table, counts } = counting(recorded);
    expect(await call(table, name)).toEqual(await call(mapTable(), name));
    expect(calls).toEqual([{ method: name, args: CALLS[name] }]);
    expect(counts).toEqual(['StoreCalls']);
  });

  it.each(names)('counts a failure of %s, and passes it on', async name => {
    const error = new Error('no answer');
    const failing = Object.fromEntries(names.map(each => [each, () => Promise.reject(error)]));
    const { table, counts } = counting(failing as unknown as Table);
    await expect(call(table, name)).rejects.toBe(error);
    expect(counts).toEqual(['StoreCalls', 'StoreFailures']);
  });

  it('counts no failure of a call that its caller gave up', async () => {
    const failing = { ...mapTable(), update: () => Promise.reject(new Error('aborted')) };
    const { table, counts } = counting(failing);
    const update = table.update(KEY, {}, undefined, AbortSignal.abort());
    await expect(update).rejects.toThrow('aborted');
    expect(counts).toEqual(['StoreCalls']);
  });
});
