/** The ledger in a table: lost answers, expiry, and items that it did not write. */
import { describe, expect, it } from 'vitest';
import { formatEntry } from '../../lib/ledger/entry.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import { anEntry, ledgerContract, readLedger } from '../contracts/ledger.ts';
import { rejectionOf } from '../support/errors.ts';
import { losingAnswer, unreachableTable } from '../support/faulty-table.ts';
import { aClaim, NOW } from '../support/records.ts';
import { itemsOf } from '../support/stores.ts';
import { useTables } from '../support/tables.ts';

const { open } = useTables();

ledgerContract(async () => tableLedger(await open()));

const ENTRY = anEntry({ act: 'write-claim', claim: aClaim() });
const SPAN = { sinceMs: 0, nowMs: NOW * 1000 };

describe('a ledger in a table', () => {
  it('stores an entry once although its answer was lost', async () => {
    const table = await open();
    await tableLedger(losingAnswer(table, 'insert')).append(ENTRY);
    expect((await readLedger(tableLedger(table))).all).toEqual([ENTRY]);
  });

  it('does not overwrite an entry', async () => {
    const ledger = tableLedger(await open());
    await ledger.append(ENTRY);
    await ledger.append({ ...ENTRY, act: 'write-claim', claim: aClaim({ epoch: 9 }) });
    expect((await readLedger(ledger)).all).toEqual([ENTRY]);
  });

  it('stores when an entry expires: with what it is about, or after 36 days', async () => {
    const table = await open();
    const ledger = tableLedger(table);
    const nonce = anEntry({ act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 });
    await ledger.append(ENTRY);
    await ledger.append(nonce);
    const items = new Map((await itemsOf(table)).map(item => [item.sk, item]));
    expect(items.get(ENTRY.id)).toMatchObject({
      pk: `ledger#2026-11-21#${ENTRY.id.at(-1)}`,
      expiresAt: NOW + 36 * 86_400,
    });
    expect(items.get(nonce.id)).toMatchObject({
      pk: `proofs#2026-11-21#${nonce.id.at(-1)}`,
      expiresAt: NOW + 60,
    });
  });

  it('reads nothing but used proofs where vending may write, and is not stopped by anything else', async () => {
    const table = await open();
    const ledger = tableLedger(table, { pageEntries: 2 });
    const nonces = [1, 2, 3].map(() => anEntry({ act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 }));
    for (const entry of [...nonces, ENTRY]) await ledger.append(entry);
    for (const [index, entry] of [formatEntry(ENTRY), '{}', 'x', 7].entries()) {
      await table.put({ pk: `proofs#2026-11-21${index === 3 ? '' : '#7'}`, sk: `0${index}`, entry });
    }
    const { all } = await readLedger(ledger);
    expect(all).toHaveLength(4);
    expect(new Set(all)).toEqual(new Set([...nonces, ENTRY]));
  });

  it('reads the used proofs that were written among the other entries before', async () => {
    const table = await open();
    const nonce = anEntry({ act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 });
    await table.put({ pk: 'ledger#2026-11-21', sk: nonce.id, entry: formatEntry(nonce) });
    expect((await readLedger(tableLedger(table))).all).toEqual([nonce]);
  });

  it('spreads the entries of a day over sixteen partitions, and returns them in their order', async () => {
    const table = await open();
    const ledger = tableLedger(table, { pageEntries: 32 });
    const entries = Array.from({ length: 400 }, (_, i) =>
      anEntry({ act: 'write-claim', claim: aClaim() }, NOW * 1000 + i),
    );
    for (const entry of entries.toReversed()) await ledger.append(entry);
    const partitions = Map.groupBy(await itemsOf(table), ({ pk }) => pk);
    expect(partitions.size).toBe(16);
    const { all, pages } = await readLedger(ledger, { sinceMs: 0, nowMs: NOW * 1000 });
    expect(all).toEqual(entries);
    expect(pages).toBeGreaterThan(10);
  });

  it('returns the entries that an earlier version wrote, each in its place among the others and once', async () => {
    const table = await open();
    const ledger = tableLedger(table, { pageEntries: 16 });
    const entries = Array.from({ length: 60 }, (_, i) =>
      anEntry({ act: 'write-claim', claim: aClaim() }, NOW * 1000 + i),
    );
    for (const [i, entry] of entries.entries()) {
      // While a deployment changes over, both versions write.
      if (i % 3 === 0) await table.put({ pk: 'ledger#2026-11-21', sk: entry.id, entry: formatEntry(entry) });
      else await ledger.append(entry);
    }
    expect((await readLedger(ledger)).all).toEqual(entries);
  });

  it('goes on where an earlier version has stopped a replay', async () => {
    const table = await open();
    const ledger = tableLedger(table);
    const entries = [0, 1, 2, 3].map(i => anEntry({ act: 'write-claim', claim: aClaim() }, NOW * 1000 + i));
    for (const entry of entries) await ledger.append(entry);
    const page = await ledger.entries(SPAN, `2026-11-21/${entries[1]?.id}`);
    expect(page.entries).toEqual(entries.slice(2));
  });

  it('is unavailable when the table does not answer', async () => {
    const ledger = tableLedger(unreachableTable(await open()));
    for (const asked of [ledger.append(ENTRY), ledger.entries(SPAN, undefined)]) {
      expect(await rejectionOf(asked)).toMatchObject({ code: 'unavailable' });
    }
  });

  it.each([
    '{}',
    'x',
    JSON.stringify({ ...ENTRY, more: 1 }),
    JSON.stringify({ ...ENTRY, act: 'forgive' }),
    7,
  ])('refuses an entry that it did not write: %s', async entry => {
    const table = await open();
    await table.put({ pk: 'ledger#2026-11-21', sk: 'x', entry });
    const read = readLedger(tableLedger(table), { ...SPAN, sinceMs: SPAN.nowMs });
    expect((await rejectionOf(read)).code).toBe('internal');
  });
});
