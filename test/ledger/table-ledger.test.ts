import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import { anEntry, ledgerContract, readLedger } from '../contracts/ledger.ts';
import { rejectionOf } from '../support/errors.ts';
import { leanCallOf } from '../support/lean-login-calls.ts';
import { aClaim, NOW } from '../support/records.ts';
import { useEngine } from '../support/stores.ts';

const { openTable } = useEngine();
const open = async () => {
  const at = await openTable();
  return { call: await leanCallOf(at), table: at.table };
};

ledgerContract(async () => tableLedger(await open()));

const ENTRY = anEntry({ act: 'write-claim', claim: aClaim() });

describe('the ledger on AWS', () => {
  it('keeps an entry whose answer was lost once, and says that it is kept', async () => {
    const at = await open();
    const losing: AwsCall = async (operation, input) => {
      await at.call(operation, input);
      return at.call(operation, input);
    };
    await tableLedger({ ...at, call: losing }).append(ENTRY);
    expect((await readLedger(tableLedger(at))).all).toEqual([ENTRY]);
  });

  it('writes over nothing', async () => {
    const at = await open();
    await tableLedger(at).append(ENTRY);
    await tableLedger(at).append({ ...ENTRY, act: 'write-claim', claim: aClaim({ epoch: 9 }) });
    expect((await readLedger(tableLedger(at))).all).toEqual([ENTRY]);
  });

  it('lets an entry end when nothing can come of it any more', async () => {
    const at = await open();
    const items: object[] = [];
    const watching: AwsCall = (operation, input) => {
      items.push((input as { Item: object }).Item);
      return at.call(operation, input);
    };
    const ledger = tableLedger({ ...at, call: watching });
    await ledger.append(ENTRY);
    await ledger.append(anEntry({ act: 'spend-proof', mark: 'm', expiresAt: NOW + 60 }));
    expect(items).toMatchObject([
      { pk: { S: 'ledger#2026-11-21' }, sk: { S: ENTRY.id }, expiresAt: { N: `${NOW + 36 * 86_400}` } },
      { expiresAt: { N: `${NOW + 60}` } },
    ]);
  });

  it('is unavailable when DynamoDB does not answer', async () => {
    const call: AwsCall = async () => {
      throw Object.assign(new Error(), { name: 'TimeoutError' });
    };
    const ledger = tableLedger({ call, table: 'ledger' });
    for (const asked of [ledger.append(ENTRY), ledger.entries({ sinceMs: 0, nowMs: 0 }, undefined)]) {
      expect(await rejectionOf(asked)).toMatchObject({
        code: 'unavailable',
        details: { reason: 'ledger: TimeoutError' },
      });
    }
  });

  it.each(['{}', 'x', JSON.stringify({ ...ENTRY, more: 1 }), JSON.stringify({ ...ENTRY, act: 'forgive' })])(
    'takes no entry that it did not write: %s',
    async entry => {
      const call: AwsCall = async () => ({ Items: [{ sk: { S: 'x' }, entry: { S: entry } }] });
      const read = tableLedger({ call, table: 'ledger' }).entries(
        { sinceMs: 0, nowMs: NOW * 1000 },
        undefined,
      );
      expect((await rejectionOf(read)).code).toBe('internal');
    },
  );
});
