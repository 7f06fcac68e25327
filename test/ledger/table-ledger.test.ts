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
    expect(items.get(ENTRY.id)).toMatchObject({ pk: 'ledger#2026-11-21', expiresAt: NOW + 36 * 86_400 });
    expect(items.get(nonce.id)).toMatchObject({ pk: 'proofs#2026-11-21', expiresAt: NOW + 60 });
  });

  it('reads nothing but used proofs where vending may write, and is not stopped by anything else', async () => {
    const table = await open();
    const ledger = tableLedger(table, { pageEntries: 2 });
    const nonces = [1, 2, 3].map(() => anEntry({ act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 }));
    for (const entry of [...nonces, ENTRY]) await ledger.append(entry);
    for (const [index, entry] of [formatEntry(ENTRY), '{}', 'x', 7].entries()) {
      await table.put({ pk: 'proofs#2026-11-21', sk: `0${index}`, entry });
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
