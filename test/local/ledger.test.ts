/** Which stores one machine starts on, and what it says of the others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openParts, type World } from '../../lib/compose/parts.ts';
import { openJournaling } from '../../lib/compose/resources.ts';
import { processWorld } from '../../lib/compose/world.ts';
import type { Table } from '../../lib/ports/table.ts';
import { openLedger } from '../../local/ledger.ts';
import { readOptions } from '../../local/options.ts';
import { ACCOUNT, aToken } from '../support/records.ts';
import { copyOf, memoryTable, storesOn } from '../support/stores.ts';

const PLAIN = readOptions([]);
const AFTER = readOptions(['--after-restore']);
const ACCEPTING = readOptions(['--accept-gap']);

let table: Table;
let directory: string;
let said: string[];
beforeEach(async () => {
  table = memoryTable();
  directory = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  said = [];
  vi.spyOn(console, 'log').mockImplementation(line => said.push(String(line)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await rm(directory, { recursive: true });
});

function worldOn(table: Table): World {
  return { ...processWorld(), table, environment: { PULLPASS_LEDGER: `file:${directory}` } };
}

/** Starts on a table, and answers how to end properly. */
function startOn(table: Table, words = PLAIN, hasLog = true): Promise<() => Promise<void>> {
  return openLedger(worldOn(table), { directory, hasLog }, words);
}

/** A token that is removed as a function removes it. */
async function removeJournaled(table: Table, record: ReturnType<typeof aToken>): Promise<void> {
  const journaled = openJournaling(openParts(worldOn(table), ['ledger']));
  const now = Math.floor(Date.now() / 1000);
  expect(await journaled.tokens(storesOn(table).tokens).remove(record, now)).toBe(true);
}

const live = async (table: Table, { id }: { id: string }) =>
  (await storesOn(table).tokens.get(ACCOUNT, id, 0)) !== undefined;

describe('one machine', () => {
  it('starts on an empty store, and again on the same one, without a word', async () => {
    for (let run = 0; run < 3; run++) await (await startOn(table))();
    expect(said).toEqual([]);
  });

  it('refuses a copy that was made before, with what to type, and takes from it what was removed', async () => {
    const record = aToken({ expiresAt: null });
    const end = await startOn(table);
    await storesOn(table).tokens.add(record);
    await end();
    const copy = await copyOf(table);
    const endAgain = await startOn(table);
    await removeJournaled(table, record);
    await endAgain();

    await expect(startOn(copy)).rejects.toThrow('npm start -- --after-restore');
    expect(await live(copy, record)).toBe(true);
    await (await startOn(copy, AFTER))();
    expect(await live(copy, record)).toBe(false);
    expect(said).toEqual(['The ledger was replayed: of 1 entries 1 took something away.']);
    await (await startOn(copy))();
    await expect(startOn(table)).rejects.toThrow('--after-restore');
  });

  it('takes from a copy that was made while it ran what was removed since, though it ended suddenly', async () => {
    const record = aToken({ expiresAt: null });
    await startOn(table);
    await storesOn(table).tokens.add(record);
    const copy = await copyOf(table);
    await removeJournaled(table, record);
    await startOn(copy);
    expect(await live(copy, record)).toBe(false);
  });

  it('loses nothing by a sudden end', async () => {
    const record = aToken({ expiresAt: null });
    await startOn(table);
    await storesOn(table).tokens.add(record);
    for (let run = 0; run < 3; run++) await startOn(table);
    expect(await live(table, record)).toBe(true);
  });

  it('starts beside a ledger that was lost only when the operator accepts that', async () => {
    await storesOn(table).tokens.add(aToken());
    await expect(startOn(table)).rejects.toThrow('--after-restore');
    await expect(startOn(table, AFTER)).rejects.toThrow('npm start -- --after-restore --accept-gap');
    await (await startOn(table, readOptions(['--after-restore', '--accept-gap'])))();
    await (await startOn(table))();
  });

  it('after a sudden end refuses a store whose log is gone, unless the gap is accepted', async () => {
    await startOn(table, PLAIN, false);
    await expect(startOn(table, PLAIN, false)).rejects.toThrow(/store\.db-wal\) is gone.*--accept-gap/s);
    await (await startOn(table, ACCEPTING, false))();
    await (await startOn(table, PLAIN, false))();
  });

  it('refuses a ledger that lacks a day that it had, by its file, unless the gap is accepted', async () => {
    const end = await startOn(table);
    const record = aToken({ expiresAt: null });
    await storesOn(table).tokens.add(record);
    await removeJournaled(table, record);
    await end();
    const day = join(directory, `${new Date().toISOString().slice(0, 10)}.jsonl`);
    await rm(day);
    await expect(startOn(table)).rejects.toThrow(`The ledger lacks days that it had:\n  ${day}\n`);
    await (await startOn(table, ACCEPTING))();
    await (await startOn(table))();
  });
});
