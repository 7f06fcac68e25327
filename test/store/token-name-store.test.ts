/** The names of tokens: each given once, and with many callers at once to one token. */
import { describe, expect, it } from 'vitest';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { ensureToken } from '../../lib/usecases/ensure-token.ts';
import { removeToken } from '../../lib/usecases/manage-tokens.ts';
import { actorOf, type World, worldOn } from '../support/memory-ports.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { itemsOf, storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const [ONE, OTHER] = [aToken().id, aToken().id];
const named = (id: string, expiresAt: number | null = null) => ({ id, expiresAt });

describe('a name', () => {
  it('is given to the first, and known as its', async () => {
    const { names } = await open();
    expect(await names.idOf(ACCOUNT, 'a')).toBeUndefined();
    expect(await names.give(ACCOUNT, 'a', { before: undefined, ...named(ONE) })).toBe(true);
    expect(await names.give(ACCOUNT, 'a', { before: undefined, ...named(OTHER) })).toBe(false);
    expect(await names.idOf(ACCOUNT, 'a')).toBe(ONE);
    expect(await names.idOf(ACCOUNT, 'A')).toBeUndefined();
    expect(await names.idOf(OTHER_ACCOUNT, 'a')).toBeUndefined();
  });

  it('changes hands once', async () => {
    const { names } = await open();
    await names.give(ACCOUNT, 'a', { before: undefined, ...named(ONE) });
    const next = Array.from({ length: 6 }, () => aToken().id);
    const given = await Promise.all(next.map(id => names.give(ACCOUNT, 'a', { before: ONE, ...named(id) })));
    expect(given.filter(Boolean)).toHaveLength(1);
    expect(await names.idOf(ACCOUNT, 'a')).toBe(next[given.indexOf(true)]);
  });

  it('is kept longer for who has it, and never shorter', async () => {
    const table = await openTable();
    const { names } = storesOn(table);
    const end = async () => (await itemsOf(table))[0]?.expiresAt;
    await names.give(ACCOUNT, 'a', { before: undefined, ...named(ONE, NOW) });
    expect(await end()).toBe(NOW + 2 * DAY_SECONDS);
    for (const [id, expiresAt, expected] of [
      [OTHER, NOW + 99, NOW],
      [ONE, NOW + 50, NOW + 50],
      [ONE, NOW + 20, NOW + 50],
      [OTHER, null, NOW + 50],
    ] as const) {
      await names.extend(ACCOUNT, 'a', { id, expiresAt });
      expect(await end()).toBe(expected + 2 * DAY_SECONDS);
    }
    await names.extend(ACCOUNT, 'a', { id: ONE, expiresAt: null });
    expect(await end()).toBeUndefined();
    await names.extend(ACCOUNT, 'a', { id: ONE, expiresAt: NOW });
    expect(await end()).toBeUndefined();
  });

  it('is freed by who has it alone', async () => {
    const { names } = await open();
    await names.give(ACCOUNT, 'a', { before: undefined, ...named(ONE) });
    await names.free(ACCOUNT, 'a', OTHER);
    expect(await names.idOf(ACCOUNT, 'a')).toBe(ONE);
    await names.free(ACCOUNT, 'a', ONE);
    await names.free(ACCOUNT, 'a', ONE);
    expect(await names.idOf(ACCOUNT, 'a')).toBeUndefined();
  });

  it('is not made by being extended', async () => {
    const table = await openTable();
    await storesOn(table).names.extend(ACCOUNT, 'a', named(ONE, NOW));
    expect(await itemsOf(table)).toEqual([]);
  });

  it('that holds something else is refused', async () => {
    const table = await openTable();
    const { names } = storesOn(table);
    await names.give(ACCOUNT, 'a', { before: undefined, ...named(ONE) });
    const [item] = await itemsOf(table);
    for (const change of [{ tokenId: 'x' }, { account: OTHER_ACCOUNT }, { tokenId: 1 }]) {
      await table.put({ ...item, ...change, pk: item?.pk ?? '', sk: item?.sk ?? '' });
      await expect(names.idOf(ACCOUNT, 'a')).rejects.toMatchObject({ code: 'internal' });
    }
  });
});

describe('50 callers at once', () => {
  const token = { access: 'pull', repositories: null, description: '', expiresInSeconds: null } as const;
  const ensure = ({ tokens }: World, description: string | undefined, apply: boolean) =>
    ensureToken(
      { ...tokens, pause: () => new Promise(resolve => setTimeout(resolve, 5)) },
      {
        actor: actorOf(),
        name: 'a',
        wanted: { description },
        token: { ...token, description: description ?? '', retrievable: true },
        apply,
        idempotencyKey: undefined,
      },
    );
  const many = (world: World, apply = false) =>
    Promise.all(Array.from({ length: 50 }, (_, i) => ensure(world, `one of ${i % 2}`, apply)));

  async function expectOne(world: World, ids: Set<string>) {
    const { records } = await world.stores.tokens.list(ACCOUNT, { limit: 100, now: world.now });
    expect(records.map(({ id, name }) => [id, name])).toEqual([[[...ids][0], 'a']]);
    expect(ids.size).toBe(1);
    return records[0];
  }

  it('converge to one token, whose value one of them gets', async () => {
    const world = worldOn(storesOn(await openTable()));
    const ensured = await many(world);
    expect(ensured.filter(({ value }) => value !== undefined)).toHaveLength(1);
    await expectOne(world, new Set(ensured.map(({ record }) => record.id)));
  });

  it('converge to one after the token before was removed, or has expired', async () => {
    const world = worldOn(storesOn(await openTable()));
    const { record } = await ensure(world, 'a', false);
    await removeToken(world.tokens, actorOf(), record.id);
    const ids = new Set((await many(world)).map(each => each.record.id));
    expect(ids.has(record.id)).toBe(false);
    await expectOne(world, ids);
  });

  it('that want the same apply it once', async () => {
    const world = worldOn(storesOn(await openTable()));
    await ensure(world, 'old', false);
    const ensured = await Promise.all(Array.from({ length: 50 }, () => ensure(world, 'new', true)));
    const token = await expectOne(world, new Set(ensured.map(({ record }) => record.id)));
    expect([token?.description, token?.version]).toEqual(['new', 2]);
    expect(ensured.filter(({ differences }) => differences.length > 0)).toHaveLength(1);
  });
});
