/** Which stores one machine starts on, and what it says of the others. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openJournaling } from '../../lib/compose/tables.ts';
import { openParts, processWorld, type World } from '../../lib/compose/world.ts';
import { openLedger, readRestoreOptions } from '../../local/ledger.ts';
import { type TestEngine, tableOf, withEngine } from '../support/engine.ts';
import { ACCOUNT, aToken } from '../support/records.ts';
import { fill, itemsOf, storesOn } from '../support/stores.ts';

const PLAIN = readRestoreOptions([]);
const AFTER = readRestoreOptions(['--after-restore']);

let engine: TestEngine;
let directory: string;
let said: string[];
beforeEach(async () => {
  engine = await withEngine();
  directory = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  said = [];
  vi.spyOn(console, 'log').mockImplementation(line => said.push(String(line)));
});
afterEach(async () => {
  vi.restoreAllMocks();
  await engine.close();
  await rm(directory, { recursive: true });
});

function worldOn(table: string): World {
  const environment = {
    PULLPASS_TABLE: table,
    PULLPASS_LEDGER: `file:${directory}`,
    AWS_ENDPOINT_URL_DYNAMODB: engine.endpoint,
    AWS_REGION: 'local',
    AWS_ACCESS_KEY_ID: engine.accessKeyId,
    AWS_SECRET_ACCESS_KEY: engine.secretAccessKey,
  };
  return { ...processWorld(), environment };
}

/** Starts on a table, and answers how to end properly. */
function startOn(table: string, words = PLAIN): Promise<() => Promise<void>> {
  return openLedger(worldOn(table), directory, words);
}

async function copyOf(table: string): Promise<string> {
  const copy = await engine.freshTable();
  await fill(tableOf({ ...engine, table: copy }), await itemsOf(tableOf({ ...engine, table })));
  return copy;
}

/** A token that is removed as a function removes it. */
async function removeNoted(table: string, record: ReturnType<typeof aToken>): Promise<void> {
  const noted = openJournaling(openParts(worldOn(table), ['ledger']));
  const now = Math.floor(Date.now() / 1000);
  expect(await noted.tokens(storesOn(tableOf({ ...engine, table })).tokens).remove(record, now)).toBe(true);
}

const live = async (table: string, { id }: { id: string }) =>
  (await storesOn(tableOf({ ...engine, table })).tokens.get(ACCOUNT, id, 0)) !== undefined;

describe('one machine', () => {
  it('starts on an empty store, and again on the same one, without a word', async () => {
    for (let run = 0; run < 3; run++) await (await startOn(engine.table))();
    expect(said).toEqual([]);
  });

  it('refuses a copy that was made before, with what to type, and takes from it what was removed', async () => {
    const record = aToken({ expiresAt: null });
    const end = await startOn(engine.table);
    await storesOn(tableOf(engine)).tokens.add(record);
    await end();
    const copy = await copyOf(engine.table);
    const endAgain = await startOn(engine.table);
    await removeNoted(engine.table, record);
    await endAgain();

    await expect(startOn(copy)).rejects.toThrow('npm start -- --after-restore');
    expect(await live(copy, record)).toBe(true);
    await (await startOn(copy, AFTER))();
    expect(await live(copy, record)).toBe(false);
    expect(said).toEqual(['The ledger was replayed: of 1 entries 1 took something away.']);
    await (await startOn(copy))();
    await expect(startOn(engine.table)).rejects.toThrow('--after-restore');
  });

  it('takes from a copy that was made while it ran what was removed since, though it ended suddenly', async () => {
    const record = aToken({ expiresAt: null });
    await startOn(engine.table);
    await storesOn(tableOf(engine)).tokens.add(record);
    const copy = await copyOf(engine.table);
    await removeNoted(engine.table, record);
    await startOn(copy);
    expect(await live(copy, record)).toBe(false);
  });

  it('loses nothing by a sudden end', async () => {
    const record = aToken({ expiresAt: null });
    await startOn(engine.table);
    await storesOn(tableOf(engine)).tokens.add(record);
    for (let run = 0; run < 3; run++) await startOn(engine.table);
    expect(await live(engine.table, record)).toBe(true);
  });

  it('starts beside a ledger that was lost only when the operator accepts that', async () => {
    await storesOn(tableOf(engine)).tokens.add(aToken());
    await expect(startOn(engine.table)).rejects.toThrow('--after-restore');
    await expect(startOn(engine.table, AFTER)).rejects.toThrow('npm start -- --after-restore --accept-gap');
    await (await startOn(engine.table, readRestoreOptions(['--after-restore', '--accept-gap'])))();
    await (await startOn(engine.table))();
  });
});

it.each([['--after-restor'], ['after-restore'], ['--after-restore=yes']])(
  'a word that is unknown starts nothing: %s',
  word => expect(() => readRestoreOptions([word])).toThrow(),
);
