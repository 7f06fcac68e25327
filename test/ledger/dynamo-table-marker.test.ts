/** The table marker on AWS: copies of the table, interrupted restores, a lost ledger and failed calls. */
import { describe, expect, it } from 'vitest';
import { type DynamoTableMarkerOptions, dynamoTableMarker } from '../../lib/ledger/table-marker.ts';
import { tableMarkerContract } from '../contracts/table-marker.ts';
import { rejectionOf } from '../support/errors.ts';
import { watchedTable } from '../support/faulty-table.ts';
import { copyOptions, markedTable, markerOptions } from '../support/marked-tables.ts';
import { NOW } from '../support/records.ts';
import { type Around, failingAt, stepped } from '../support/steps.ts';
import { useTables } from '../support/tables.ts';

const NOW_MS = NOW * 1000;
const { open } = useTables();

const openOptions = () => markerOptions(open);

tableMarkerContract(async () => markedTable(await openOptions(), open));

/** The options, with every call of the main table, the ledger and `identify` through `around`. */
function watched(options: DynamoTableMarkerOptions, around: Around): DynamoTableMarkerOptions {
  const { identify: asked } = stepped({ identify: { table: options.identify } }, ['identify'], around);
  return {
    ...options,
    main: watchedTable(options.main, around),
    ledger: watchedTable(options.ledger, around),
    identify: asked.table,
  };
}

describe('the marker of a table on AWS', () => {
  it.each(['initialise', 'adopt'] as const)(
    'is complete when %s was interrupted at any call and then repeated',
    async verb => {
      for (let nth = 0; nth < 8; nth++) {
        for (const moment of ['before', 'after'] as const) {
          const options = await openOptions();
          const interrupted = dynamoTableMarker(watched(options, failingAt(nth, moment)));
          const failed = await interrupted[verb](NOW_MS).then(
            () => false,
            () => true,
          );
          const whole = dynamoTableMarker(options);
          if (failed) expect([false, true]).toContain(await whole.matches());
          await whole[verb](NOW_MS);
          expect([await whole.matches(), await whole.initialise(NOW_MS)]).toEqual([true, 'matches']);
        }
      }
    },
  );

  it('is completed by the next deployment when a restore was interrupted at its end', async () => {
    const original = await openOptions();
    await dynamoTableMarker(original).initialise(NOW_MS);
    const copy = await copyOptions(original, open);
    const main = watchedTable(copy.main, (name, step) =>
      name === 'table.put' ? Promise.reject(new Error('cut')) : step(),
    );
    await expect(dynamoTableMarker({ ...copy, main }).adopt(NOW_MS)).rejects.toThrow('cut');
    const whole = dynamoTableMarker(copy);
    expect(await whole.matches()).toBe(false);
    expect(await whole.initialise(NOW_MS)).toBe('matches');
    expect(await whole.matches()).toBe(true);
  });

  it('begins a new ledger beside a table in use when the ledger was lost', async () => {
    const options = await openOptions();
    await dynamoTableMarker(options).initialise(NOW_MS);
    const marker = dynamoTableMarker({ ...options, ledger: await open() });
    expect(await marker.initialise(NOW_MS + 5)).toBe('matches');
    expect(await marker.history()).toMatchObject({ ledgerSince: NOW_MS + 5 });
  });

  it('neither serves, adopts nor takes out of service a table that the ledger of another stage has in use', async () => {
    const theirs = await openOptions();
    await dynamoTableMarker(theirs).initialise(NOW_MS);
    const ledgerName = 'pullpass-other-ledger';
    const own = await markerOptions(open);
    await dynamoTableMarker({ ...own, ledgerName }).initialise(NOW_MS);
    for (const ledger of [await open(), own.ledger]) {
      const ours = dynamoTableMarker({ ...theirs, ledger, ledgerName });
      expect([await ours.matches(), await ours.initialise(NOW_MS), await ours.matches()]).toEqual([
        false,
        'differs',
        false,
      ]);
    }
    const marker = dynamoTableMarker(theirs);
    expect([await marker.matches(), await marker.initialise(NOW_MS)]).toEqual([true, 'matches']);
  });

  it('learns its ledger where an earlier version has written none', async () => {
    const options = await openOptions();
    await dynamoTableMarker(options).initialise(NOW_MS);
    const MARKER = { pk: 'table', sk: 'identity' };
    await options.main.update(MARKER, { remove: ['ledger'] });
    const marker = dynamoTableMarker(options);
    expect([await marker.matches(), await marker.initialise(NOW_MS)]).toEqual([true, 'matches']);
    expect(await options.main.get(MARKER)).toMatchObject({ ledger: options.ledgerName, usedAt: NOW_MS });
  });

  it('takes two calls to match, and is unavailable when either fails', async () => {
    const options = await openOptions();
    await dynamoTableMarker(options).initialise(NOW_MS);
    const asked: string[] = [];
    let cut: string | undefined;
    const around: Around = async (name, step) => {
      asked.push(name);
      if (name === cut) return failingAt(0, 'before')(name, step);
      return step();
    };
    const marker = dynamoTableMarker(watched(options, around));
    expect(await marker.matches()).toBe(true);
    expect(asked).toHaveLength(2);
    expect(new Set(asked)).toEqual(new Set(['identify.table', 'table.get']));
    for (cut of ['identify.table', 'table.get']) {
      expect((await rejectionOf(marker.matches())).code).toBe('unavailable');
    }
  });
});
