import { describe, expect, it } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { dynamoTableMarker } from '../../lib/ledger/dynamo-table-marker.ts';
import type { TableAt } from '../../lib/ledger/table-ledger.ts';
import type { Table } from '../../lib/store/calls.ts';
import { type Place, tableIdentityContract } from '../contracts/table-identity.ts';
import { fill, itemsOf } from '../support/copies.ts';
import { rejectionOf } from '../support/errors.ts';
import { leanCallOf } from '../support/lean-login-calls.ts';
import { aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const NOW_MS = NOW * 1000;
const { openTable } = useEngine();

const at = async (table: Table): Promise<TableAt> => ({ call: await leanCallOf(table), table: table.table });

async function placeOf(main: Table, ledger: Table): Promise<Place> {
  const copyTo = async (besides: Table, skipped?: string) => {
    const copy = await openTable();
    const items = await itemsOf(main);
    await fill(
      copy,
      items.filter(({ pk }) => pk?.S !== skipped),
    );
    return placeOf(copy, besides);
  };
  return {
    identity: dynamoTableMarker({ main: await at(main), ledger: await at(ledger) }),
    use: () => storesOn(main).tokens.add(aToken()),
    copy: () => copyTo(ledger),
    fresh: async () => placeOf(await openTable(), ledger),
    strange: async () => copyTo(await openTable(), 'table'),
  };
}

tableIdentityContract(async () => placeOf(await openTable(), await openTable()));

/** Fails at the nth call: before it is carried out, or when only its answer is lost. */
function failingAt(call: AwsCall, nth: number, moment: 'after' | 'before'): AwsCall {
  let calls = 0;
  return async (operation, input) => {
    const isNow = calls++ === nth;
    if (isNow && moment === 'before') throw new Error('cut');
    const answer = await call(operation, input);
    if (isNow) throw new Error('cut');
    return answer;
  };
}

describe('the identity of a table on AWS', () => {
  it.each([
    ['that is replicated', { Replicas: [{ RegionName: 'eu-west-1' }] }, false],
    ['that is replicated eventually', { Replicas: [{}], MultiRegionConsistency: 'EVENTUAL' }, false],
    ['whose replicas agree before they answer', { Replicas: [{}], MultiRegionConsistency: 'STRONG' }, true],
    ['without replicas', { Replicas: [] }, true],
  ])('is taken of a table %s: %j, %s', async (_, description, isTaken) => {
    const [main, ledger] = [await at(await openTable()), await at(await openTable())];
    await dynamoTableMarker({ main, ledger }).adopt(NOW_MS);
    const call: AwsCall = async (operation, input) => {
      const answer = await main.call(operation, input);
      if (operation !== 'DescribeTable') return answer;
      return { Table: { ...(answer as { Table: object }).Table, ...description } };
    };
    const asked = dynamoTableMarker({ main: { ...main, call }, ledger }).matches();
    if (isTaken) expect(await asked).toBe(true);
    else expect(await rejectionOf(asked)).toMatchObject({ code: 'unavailable', message: 'a global table' });
  });

  it.each(['initialise', 'adopt'] as const)(
    'is whole after a %s that broke off anywhere and was repeated',
    async verb => {
      for (let nth = 0; nth < 8; nth++) {
        for (const moment of ['before', 'after'] as const) {
          const [main, ledger] = [await at(await openTable()), await at(await openTable())];
          const call = failingAt(main.call, nth, moment);
          const broken = dynamoTableMarker({ main: { ...main, call }, ledger: { ...ledger, call } });
          const failed = await broken[verb](NOW_MS).then(
            () => false,
            () => true,
          );
          const whole = dynamoTableMarker({ main, ledger });
          if (failed) expect([false, true]).toContain(await whole.matches());
          await whole[verb](NOW_MS);
          expect([await whole.matches(), await whole.initialise(NOW_MS)]).toEqual([true, 'ours']);
        }
      }
    },
  );

  it('is finished by the next deployment when the restore had come to its end', async () => {
    const [original, ledger] = [await openTable(), await openTable()];
    const place = await placeOf(original, ledger);
    await place.identity.initialise(NOW_MS);
    const copy = await openTable();
    await fill(copy, await itemsOf(original));
    const main = await at(copy);
    const cut: AwsCall = (operation, input) =>
      operation === 'PutItem' ? Promise.reject(new Error('cut')) : main.call(operation, input);
    const broken = dynamoTableMarker({ main: { ...main, call: cut }, ledger: await at(ledger) });
    await expect(broken.adopt(NOW_MS)).rejects.toThrow();
    const whole = dynamoTableMarker({ main, ledger: await at(ledger) });
    expect(await whole.matches()).toBe(false);
    expect(await whole.initialise(NOW_MS)).toBe('ours');
    expect(await whole.matches()).toBe(true);
  });

  it('is the time at which the table was made where the engine gives none', async () => {
    const main = await at(await openTable());
    const ledger = await at(await openTable());
    let madeAt = 1;
    const call: AwsCall = async (operation, input) =>
      operation === 'DescribeTable' ? { Table: { CreationDateTime: madeAt } } : main.call(operation, input);
    const identity = dynamoTableMarker({ main: { ...main, call }, ledger });
    expect(await identity.initialise(NOW_MS)).toBe('ours');
    expect(await identity.matches()).toBe(true);
    madeAt = 2;
    expect(await identity.matches()).toBe(false);
  });

  it('begins a ledger that was lost beside the table that is in use, and says since when', async () => {
    const main = await openTable();
    const before = await placeOf(main, await openTable());
    await before.identity.initialise(NOW_MS);
    const { identity } = await placeOf(main, await openTable());
    expect(await identity.initialise(NOW_MS + 5)).toBe('ours');
    expect(await identity.history()).toMatchObject({ ledgerSince: NOW_MS + 5 });
  });

  it('costs two calls to look at, and is not known when either is lost', async () => {
    const main = await at(await openTable());
    const ledger = await at(await openTable());
    await dynamoTableMarker({ main, ledger }).initialise(NOW_MS);
    const asked: string[] = [];
    let cut: string | undefined;
    const call: AwsCall = async (operation, input) => {
      asked.push(operation);
      if (operation === cut) throw new Error('cut');
      return main.call(operation, input);
    };
    const identity = dynamoTableMarker({ main: { ...main, call }, ledger: { ...ledger, call } });
    expect(await identity.matches()).toBe(true);
    expect([asked.length, new Set(asked)]).toEqual([2, new Set(['DescribeTable', 'GetItem'])]);
    for (cut of ['DescribeTable', 'GetItem']) {
      expect((await rejectionOf(identity.matches())).code).toBe('unavailable');
    }
  });
});
