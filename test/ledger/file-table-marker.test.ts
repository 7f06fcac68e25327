/** The table marker on one machine: copies of the data, sudden ends and file modes. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { fileTableMarker } from '../../lib/ledger/table-marker.ts';
import type { Table } from '../../lib/ports/table.ts';
import { type MarkedTable, tableMarkerContract } from '../contracts/table-marker.ts';
import { watchedTable } from '../support/faulty-table.ts';
import { aToken, NOW } from '../support/records.ts';
import { failingAt } from '../support/steps.ts';
import { copyOf, storesOn } from '../support/stores.ts';
import { useTables } from '../support/tables.ts';

const NOW_MS = NOW * 1000;
const { open } = useTables();

async function newDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

const markerOf = (table: Table, directory: string) => fileTableMarker({ table, directory, randomBytes });

function marked(table: Table, directory: string): MarkedTable {
  return {
    marker: markerOf(table, directory),
    use: () => storesOn(table).tokens.add(aToken()),
    copy: async () => marked(await copyOf(table, open), directory),
    fresh: async () => marked(await open(), directory),
    unmarked: async () => {
      const copy = await copyOf(table, open);
      await copy.delete({ pk: 'table', sk: 'identity' });
      return marked(copy, await newDirectory());
    },
  };
}

tableMarkerContract(async () => marked(await open(), await newDirectory()));

describe('the marker of a table on one machine', () => {
  it('differs for every copy but that of the last end', async () => {
    const [table, directory] = [await open(), await newDirectory()];
    const marker = markerOf(table, directory);
    const copies: Table[] = [];
    for (let run = 0; run < 3; run++) {
      expect(await marker.initialise(NOW_MS)).toBe('matches');
      copies.push(await copyOf(table, open));
      await marker.leave(NOW_MS);
      copies.push(await copyOf(table, open));
    }
    const statuses = [];
    for (const copy of copies) statuses.push(await markerOf(copy, directory).initialise(NOW_MS));
    expect(statuses).toEqual([...Array.from({ length: 5 }, () => 'differs'), 'matches']);
  });

  it('is uncertain after a process that ended suddenly: the table could be an older copy', async () => {
    const marker = markerOf(await open(), await newDirectory());
    await marker.initialise(NOW_MS);
    expect(await marker.initialise(NOW_MS)).toBe('uncertain');
    expect(await marker.initialise(NOW_MS)).toBe('uncertain');
    await marker.adopt(NOW_MS);
    await marker.leave(NOW_MS);
    expect(await marker.initialise(NOW_MS)).toBe('matches');
  });

  it.each(['initialise', 'adopt', 'leave'] as const)(
    'is not lost when %s is interrupted at any call, and no older copy matches then',
    async verb => {
      for (let nth = 0; nth < 4; nth++) {
        for (const moment of ['before', 'after'] as const) {
          const [table, directory] = [await open(), await newDirectory()];
          const whole = markerOf(table, directory);
          await whole.initialise(NOW_MS);
          const old = await copyOf(table, open);
          await whole.leave(NOW_MS);
          if (verb !== 'initialise') await whole.initialise(NOW_MS);
          const interrupted = markerOf(watchedTable(table, failingAt(nth, moment)), directory);
          await interrupted[verb](NOW_MS).catch(() => undefined);
          expect(await whole.initialise(NOW_MS)).not.toBe('differs');
          expect(await markerOf(old, directory).initialise(NOW_MS)).toBe('differs');
        }
      }
    },
  );

  it('is a file that only its owner may read', async () => {
    const directory = join(await newDirectory(), 'ledger');
    await markerOf(await open(), directory).initialise(NOW_MS);
    expect(await readdir(directory)).toEqual(['table.json']);
    const paths = [directory, join(directory, 'table.json')];
    const modes = await Promise.all(paths.map(async path => (await stat(path)).mode & 0o777));
    expect(modes).toEqual([0o700, 0o600]);
  });
});
