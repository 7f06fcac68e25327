/** What a login reads in one call, and the last use that it writes. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import { rotateToken } from '../../lib/domain/token-record.ts';
import type { Table } from '../../lib/ports/table.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { toTokenAttributes } from '../../lib/store/token-items.ts';
import { inBatches } from '../support/batches.ts';
import { recordedTable } from '../support/faulty-table.ts';
import { ACCOUNT, aClaim, aToken, aUse, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

/** Beyond the hour and any jitter. */
const MUCH_LATER = NOW + 2 * HOUR_SECONDS;

describe('a login store', () => {
  it('reads a token and the claims of the namespaces that have one', async () => {
    const { tokens, namespaces, logins } = await open();
    const record = aToken();
    const released = aClaim({ name: 'team-b', state: 'released', epoch: 3 });
    await tokens.add(record);
    await namespaces.writeClaim(undefined, aClaim());
    await namespaces.writeClaim(undefined, released);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    const facts = await logins.read({
      token: address,
      namespaces: ['team-a', 'team-b', 'team-a', 'team-c', 'Team A', '', '../x'],
    });
    expect(facts.token?.id).toBe(record.id);
    expect([...facts.claims].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([aClaim(), released]);
  });

  it('reads a hundred namespaces without a token', async () => {
    const { namespaces, logins } = await open();
    const names = Array.from({ length: 100 }, (_, i) => `team-${i}`);
    await inBatches(names, name => namespaces.writeClaim(undefined, aClaim({ name })));
    expect((await logins.read({ namespaces: names })).claims).toHaveLength(100);
  });

  it('finds nothing in an empty table', async () => {
    const { logins } = await open();
    const address = { handle: accountHandle(ACCOUNT), id: aToken().id };
    expect(await logins.read({ token: address, namespaces: ['team-a'] })).toEqual({
      token: undefined,
      removed: false,
      revoked: false,
      claims: [],
    });
    expect(await logins.read({ namespaces: [] })).toEqual({
      token: undefined,
      removed: false,
      revoked: false,
      claims: [],
    });
  });

  it('finds no token at the address of another account', async () => {
    const { tokens, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    const address = { handle: accountHandle(OTHER_ACCOUNT), id: record.id };
    expect((await logins.read({ token: address, namespaces: [] })).token).toBeUndefined();
  });

  it('finds no removed token, but reports that it was removed, for the log', async () => {
    const { tokens, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    await tokens.remove(record, NOW);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    expect(await logins.read({ token: address, namespaces: [] })).toEqual({
      token: undefined,
      removed: true,
      revoked: false,
      claims: [],
    });
  });

  it('returns an expired record, for the log', async () => {
    const { tokens, logins } = await open();
    const record = aToken({ expiresAt: NOW - 1 });
    await tokens.add(record);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    expect((await logins.read({ token: address, namespaces: [] })).token?.expiresAt).toBe(NOW - 1);
  });

  it('stores the last use at most once an hour', async () => {
    const { tokens, logins } = await open();
    const record = aToken({ expiresAt: null });
    const lastUsedAt = async () => {
      const { lastUsedAt: at, lastUse } = (await tokens.get(ACCOUNT, record.id, NOW)) ?? {};
      expect(lastUse).toEqual(at === undefined ? undefined : aUse({ at: at ?? 0 }));
      return at;
    };
    await tokens.add(record);
    await logins.touch(record, 1, aUse({ at: NOW }));
    expect(await lastUsedAt()).toBe(NOW);
    await logins.touch(record, 1, aUse({ at: NOW + HOUR_SECONDS - 1 }));
    expect(await lastUsedAt()).toBe(NOW);
    await logins.touch(record, 1, aUse({ at: MUCH_LATER }));
    expect(await lastUsedAt()).toBe(MUCH_LATER);
  });

  it.each([
    ['an hour ago', -HOUR_SECONDS, false],
    ['more than an hour ago', -HOUR_SECONDS - 1, true],
    ['a moment ago', -1, false],
    ['by a clock that is an hour ahead', HOUR_SECONDS, false],
    ['by a clock that is further ahead', HOUR_SECONDS + 1, true],
  ])('replaces or keeps what another instance has stored %s', async (_, ago, isReplaced) => {
    const { tokens, logins } = await open();
    const stored = aUse({ at: NOW + ago, client: 'podman/5' });
    const record = aToken({ expiresAt: null, lastUsedAt: NOW + ago, lastUse: stored });
    await tokens.add(record);
    await logins.touch({ ...record, lastUsedAt: null, lastUse: null }, 1, aUse({ at: NOW }));
    const { lastUsedAt, lastUse } = (await tokens.get(ACCOUNT, record.id, NOW)) ?? {};
    expect(lastUsedAt).toBe(isReplaced ? NOW : NOW + ago);
    expect(lastUse).toEqual(isReplaced ? aUse() : stored);
  });

  it('replaces a last use that a clock which was ahead has stored', async () => {
    const { tokens, logins } = await open();
    const record = aToken({ expiresAt: null, lastUsedAt: MUCH_LATER, lastUse: aUse({ at: MUCH_LATER }) });
    await tokens.add(record);
    await logins.touch(record, 1, aUse({ at: NOW }));
    expect((await tokens.get(ACCOUNT, record.id, NOW))?.lastUsedAt).toBe(NOW);
  });

  it('does not revive a removed token by storing its last use', async () => {
    const { tokens, logins } = await open();
    const record = aToken({ expiresAt: null });
    await tokens.add(record);
    await tokens.remove(record, NOW);
    await logins.touch(record, 1, aUse({ at: NOW }));
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    const facts = await logins.read({ token: address, namespaces: [] });
    expect(facts).toMatchObject({ token: undefined, removed: true });
    expect(await tokens.add(record)).toBe(false);
  });

  it('does not create a token by storing its last use', async () => {
    const { tokens, logins } = await open();
    const record = aToken();
    await logins.touch(record, 1, aUse({ at: NOW }));
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
    expect(await tokens.add(record)).toBe(true);
  });
});

describe('a read for a login', () => {
  const ADDRESS = { handle: accountHandle(ACCOUNT), id: aToken().id };
  const KEY = { pk: `account#${ADDRESS.handle}`, sk: `token#${ADDRESS.id}` };

  it('is one call, with each valid key once', async () => {
    const { table, calls } = recordedTable(await openTable());
    const namespaces = ['team-a', 'team-a', 'Team', 'a', 'team-b', 'x/y'];
    await storesOn(table).logins.read({ token: ADDRESS, namespaces });
    const claims = ['team-a', 'team-b'].map(name => ({ pk: `namespace#${name}`, sk: 'claim' }));
    expect(calls).toEqual([{ method: 'batchGet', args: [[KEY, ...claims]] }]);
  });

  it('makes no call without a valid key', async () => {
    const { table, calls } = recordedTable(await openTable());
    await storesOn(table).logins.read({ namespaces: ['NOT', 'a/name'] });
    expect(calls).toEqual([]);
  });

  it.each([
    ['account', { account: OTHER_ACCOUNT }],
    ['id', { id: aToken().id }],
  ])('treats a record as absent whose %s differs from its key', async (_, facts) => {
    const table = await openTable();
    await table.put({ ...KEY, ...toTokenAttributes(aToken({ id: ADDRESS.id, ...facts })) });
    const { token } = await storesOn(table).logins.read({ token: ADDRESS, namespaces: [] });
    expect(token).toBeUndefined();
  });

  it('fails for a malformed claim', async () => {
    const table = await openTable();
    await table.put({ pk: 'namespace#team-a', sk: 'claim', account: ACCOUNT, state: 'taken', epoch: 1 });
    const read = storesOn(table).logins.read({ namespaces: ['team-a'] });
    await expect(read).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('the last use of a token', () => {
  it('is stored at most once per instance and hour, with jitter', async () => {
    const { table, calls } = recordedTable(await openTable());
    const logins = loginStore({ table, randomBytes: count => new Uint8Array(count).fill(200) });
    const record = aToken();
    const tries = [0, 1, HOUR_SECONDS, HOUR_SECONDS + 199, HOUR_SECONDS + 200, HOUR_SECONDS + 201];
    const counts: number[] = [];
    for (const later of tries) {
      await logins.touch(record, 1, aUse({ at: NOW + later }));
      counts.push(calls.length);
    }
    expect(counts).toEqual([1, 1, 1, 1, 2, 2]);
    await logins.touch(aToken({ lastUse: aUse() }), 1, aUse({ at: NOW + HOUR_SECONDS - 1 }));
    expect(calls).toHaveLength(2);
  });

  /** A token whose value was used ten minutes before it was replaced, a minute ago. */
  async function rotated() {
    const world = await open();
    const before = aToken({ lastUsedAt: NOW - 660, lastUse: aUse({ at: NOW - 660, client: 'before' }) });
    await world.tokens.add(before);
    const { hash, derivation } = aToken();
    const record = rotateToken(
      before,
      { hash, derivation, issuanceId: 'b' },
      { graceSeconds: 7200, now: NOW - 60 },
    );
    await world.tokens.update(before, record, NOW);
    const read = async () => (await world.tokens.get(ACCOUNT, record.id, NOW)) ?? record;
    return { ...world, record, read };
  }

  it('is stored for each of two values, each once an hour', async () => {
    const { logins, record, read } = await rotated();
    expect(await read()).toMatchObject({
      lastUse: null,
      previousUse: aUse({ at: NOW - 660, client: 'before' }),
    });
    const [old, fresh] = [aUse({ client: 'old', address: '2001:db8::1' }), aUse({ client: 'new' })];
    await logins.touch(record, 1, old);
    expect(await read()).toMatchObject({ lastUsedAt: NOW, lastUse: null, previousUse: old });
    await logins.touch(record, 2, { ...fresh, at: NOW + 1 });
    const both = { lastUse: { ...fresh, at: NOW + 1 }, previousUse: old };
    expect(await read()).toMatchObject({ ...both, lastUsedAt: NOW + 1 });
    for (const generation of [1, 2]) await logins.touch(await read(), generation, aUse({ at: NOW + 3000 }));
    expect(await read()).toMatchObject({ ...both, lastUsedAt: NOW + 1 });
    await logins.touch(await read(), 1, { ...old, at: NOW + 4000 });
    expect(await read()).toMatchObject({ ...both, previousUse: { ...old, at: NOW + 4000 } });
  });

  it('of the old value is stored at once after the rotation, although another instance saw it before', async () => {
    const { table, calls } = recordedTable(await openTable());
    const logins = loginStore({ table, randomBytes });
    const since = aToken({ generation: 2, valueIssuedAt: NOW - 60, previousUse: aUse({ at: NOW - 61 }) });
    await logins.touch({ ...since, previousUse: aUse({ at: NOW - 60 }) }, 1, aUse());
    expect(calls).toEqual([]);
    await logins.touch(since, 1, aUse());
    expect(calls).toHaveLength(1);
  });

  it('is what of it is known, when a client says nothing', async () => {
    const { tokens, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    const use = aUse({ address: null, client: null, service: null });
    await logins.touch(record, 1, use);
    expect((await tokens.get(ACCOUNT, record.id, NOW))?.lastUse).toEqual(use);
  });

  it('is remembered for the latest ten thousand tokens', async () => {
    let touches = 0;
    const update = async () => ++touches > 0;
    const logins = loginStore({ table: { ...(await openTable()), update }, randomBytes });
    const records = Array.from({ length: 10_001 }, () => aToken());
    for (const record of records) await logins.touch(record, 1, aUse({ at: NOW }));
    const [first, second] = records;
    if (second) await logins.touch(second, 1, aUse({ at: NOW }));
    expect(touches).toBe(10_001);
    if (first) await logins.touch(first, 1, aUse({ at: NOW }));
    expect(touches).toBe(10_002);
  });

  it('does not delay a login beyond its time limit', async () => {
    const hanging = { ...(await openTable()), update: untilAborted };
    const logins = loginStore({ table: hanging, randomBytes, touchMs: 20 });
    const start = performance.now();
    await logins.touch(aToken(), 1, aUse({ at: NOW }));
    expect(performance.now() - start).toBeLessThan(500);
  });
});

/** A call that ends when its signal says so. */
const untilAborted: Table['update'] = (_, __, ___, signal) =>
  new Promise((_resolve, reject) => {
    signal?.addEventListener('abort', () => reject(signal.reason));
  });
