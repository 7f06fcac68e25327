/** Namespace claims and their index, with competing accounts and lost answers. */
import { describe, expect, it } from 'vitest';
import { type NamespaceClaim, release } from '../../lib/domain/namespace.ts';
import type { NamespaceStore } from '../../lib/ports/stores.ts';
import type { Table } from '../../lib/ports/table.ts';
import { inBatches } from '../support/batches.ts';
import { rejectionOf } from '../support/errors.ts';
import { losingAnswer, recordedTable } from '../support/faulty-table.ts';
import { ACCOUNT, aClaim, OTHER_ACCOUNT } from '../support/records.ts';
import { itemsOf, storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

async function register(namespaces: NamespaceStore, claim: NamespaceClaim): Promise<void> {
  expect(await namespaces.writeClaim(undefined, claim)).toBe(true);
  await namespaces.index(claim);
}

describe('a namespace store', () => {
  it('returns a claim as it was written', async () => {
    const { namespaces } = await open();
    expect(await namespaces.claim('team-a')).toBeUndefined();
    expect(await namespaces.writeClaim(undefined, aClaim())).toBe(true);
    expect(await namespaces.claim('team-a')).toEqual(aClaim());
  });

  it('gives a free name to one of many accounts', async () => {
    const { namespaces } = await open();
    const claims = ['a', 'b', 'c', 'd', 'e'].map(value => aClaim({ account: `dev:${value}` }));
    const won = await Promise.all(claims.map(claim => namespaces.writeClaim(undefined, claim)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await namespaces.claim('team-a')).toEqual(claims[won.indexOf(true)]);
  });

  it.each([
    ['account', { account: OTHER_ACCOUNT }],
    ['state', { state: 'released' }],
    ['epoch', { epoch: 2 }],
  ] as const)('does not overwrite a claim whose %s differs from what was read', async (_, facts) => {
    const { namespaces } = await open();
    await namespaces.writeClaim(undefined, aClaim(facts));
    expect(await namespaces.writeClaim(aClaim(), aClaim({ epoch: 9 }))).toBe(false);
    expect(await namespaces.claim('team-a')).toEqual(aClaim(facts));
    expect(await namespaces.writeClaim(aClaim(facts), aClaim({ epoch: 9 }))).toBe(true);
  });

  it('lists by name what the account holds, also when its index is wrong', async () => {
    const { namespaces } = await open();
    await register(namespaces, aClaim({ name: 'team-c' }));
    await register(namespaces, aClaim({ name: 'team-a' }));
    await register(namespaces, aClaim({ name: 'released', state: 'released' }));
    await namespaces.index(aClaim({ name: 'never-claimed' }));
    await register(namespaces, aClaim({ name: 'lost', account: OTHER_ACCOUNT }));
    await namespaces.index(aClaim({ name: 'lost' }));
    expect((await namespaces.held(ACCOUNT)).map(({ name }) => name)).toEqual(['team-a', 'team-c']);
    expect((await namespaces.held(OTHER_ACCOUNT)).map(({ name }) => name)).toEqual(['lost']);
  });

  it('lists more than one batch of namespaces', async () => {
    const { namespaces } = await open();
    const names = Array.from({ length: 230 }, (_, i) => `team-${1000 + i}`);
    await inBatches(names, name => register(namespaces, aClaim({ name })));
    expect((await namespaces.held(ACCOUNT)).map(({ name }) => name)).toEqual(names);
  });

  it('asks for no claims where the index is empty, and once for a hundred', async () => {
    const { table, calls } = recordedTable(await openTable());
    const { namespaces } = storesOn(table);
    expect(await namespaces.held(ACCOUNT)).toEqual([]);
    expect(calls.map(({ method }) => method)).toEqual(['query']);
    await Promise.all(Array.from({ length: 100 }, (_, i) => namespaces.index(aClaim({ name: `team-${i}` }))));
    calls.length = 0;
    expect(await namespaces.held(ACCOUNT)).toEqual([]);
    expect(calls.map(({ method }) => method)).toEqual(['query', 'batchGet']);
  });

  it('removes a namespace from the index', async () => {
    const { namespaces } = await open();
    await register(namespaces, aClaim());
    await namespaces.writeClaim(aClaim(), release(aClaim()));
    await namespaces.unindex(release(aClaim()));
    await namespaces.unindex(release(aClaim()));
    expect(await namespaces.held(ACCOUNT)).toEqual([]);
  });

  it('leaves nothing of a registration in the index once it is removed', async () => {
    const table = await openTable();
    const { namespaces } = storesOn(table);
    const claim = aClaim();
    await namespaces.index(claim);
    expect(await itemsOf(table)).toMatchObject([{ account: ACCOUNT, epoch: 1 }]);
    await namespaces.unindex(claim);
    expect(await itemsOf(table)).toEqual([]);
  });

  it('replaces the index entry of an older registration', async () => {
    const table = await openTable();
    const { namespaces } = storesOn(table);
    for (const epoch of [1, 3, 2]) await namespaces.index(aClaim({ epoch }));
    expect(await itemsOf(table)).toMatchObject([{ epoch: 3 }]);
  });

  it('refuses a claim whose name is none, as damage', async () => {
    const table = await openTable();
    const { namespaces } = storesOn(table);
    await namespaces.writeClaim(undefined, aClaim({ name: 'NONE' }));
    expect(await rejectionOf(namespaces.claim('NONE'))).toMatchObject({
      code: 'internal',
      details: { reason: expect.stringContaining(': pk is malformed') },
    });
  });

  it('lists by name, in no matter which order the table gives them', async () => {
    const table = await openTable();
    const { namespaces } = storesOn({
      ...table,
      batchGet: async (...keys: Parameters<Table['batchGet']>) =>
        [...(await table.batchGet(...keys))].reverse(),
      get: table.get.bind(table),
      update: table.update.bind(table),
      query: table.query.bind(table),
    } as Table);
    for (const name of ['team-a', 'team-c', 'team-b']) await register(namespaces, aClaim({ name }));
    expect((await namespaces.held(ACCOUNT)).map(({ name }) => name)).toEqual(['team-a', 'team-b', 'team-c']);
  });

  it('does not remove the index entry of a newer registration', async () => {
    const { namespaces } = await open();
    const newer = aClaim({ epoch: 2 });
    await register(namespaces, newer);
    await namespaces.unindex(aClaim({ epoch: 1, state: 'released' }));
    expect(await namespaces.held(ACCOUNT)).toEqual([newer]);
  });

  it('does not replace the index entry of a newer registration by an older one', async () => {
    const { namespaces } = await open();
    const newer = aClaim({ epoch: 2 });
    await register(namespaces, newer);
    await namespaces.index(aClaim({ epoch: 1 }));
    await namespaces.unindex(aClaim({ epoch: 1, state: 'released' }));
    expect(await namespaces.held(ACCOUNT)).toEqual([newer]);
  });
});

describe('a claim whose answer was lost', () => {
  it('recognises itself when it is sent again', async () => {
    const table = await openTable();
    const write = (before: NamespaceClaim | undefined, after: NamespaceClaim) =>
      storesOn(losingAnswer(table, 'update')).namespaces.writeClaim(before, after);
    expect(await write(undefined, aClaim())).toBe(true);
    expect(await write(aClaim(), release(aClaim()))).toBe(true);
  });

  it.each([
    ['registration', undefined, aClaim()],
    ['release', aClaim(), release(aClaim())],
  ] as const)('recognises its %s behind seven further ones', async (_, before, after) => {
    const table = await openTable();
    const { namespaces } = storesOn(table);
    if (before !== undefined) await namespaces.writeClaim(undefined, before);
    const meanwhile = async () => {
      let now: NamespaceClaim = after;
      for (let i = 0; i < 7; i++) {
        const next = now.state === 'held' ? release(now) : aClaim({ epoch: now.epoch + 1 });
        expect(await namespaces.writeClaim(now, next)).toBe(true);
        now = next;
      }
    };
    const losing = storesOn(losingAnswer(table, 'update', meanwhile)).namespaces;
    expect(await losing.writeClaim(before, after)).toBe(true);
  });

  it('does not take the same claim of another request for its own', async () => {
    const table = await openTable();
    const { namespaces } = storesOn(table);
    expect(await namespaces.writeClaim(undefined, aClaim())).toBe(true);
    const losing = storesOn(losingAnswer(table, 'update')).namespaces;
    expect(await losing.writeClaim(undefined, aClaim())).toBe(false);
    expect(await namespaces.writeClaim(undefined, aClaim({ account: OTHER_ACCOUNT }))).toBe(false);
  });
});
