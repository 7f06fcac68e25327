/** Token records and tombstones: versions, pages, expiry and the stored attributes. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Account, accountHandle } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { TokenStore } from '../../lib/ports/stores.ts';
import type { Key, Table, Value } from '../../lib/ports/table.ts';
import { toTokenAttributes } from '../../lib/store/token-items.ts';
import { inBatches } from '../support/batches.ts';
import { losingAnswer, recordedTable } from '../support/faulty-table.ts';
import { ACCOUNT, aToken, aUse, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const RICHEST = {
  access: 'push',
  repositories: ['team-a/app', 'team-b/*'],
  description: 'für “CI” – 構築',
  disabled: { at: NOW + 5, by: 'dev:bob' },
  lastUsedAt: NOW + 4,
  lastUse: { at: NOW + 4, address: '192.0.2.1', client: 'docker/28.2.2', service: 'registry.example' },
  previous: { hash: randomBytes(32), expiresAt: NOW + 60 },
  previousUse: { at: NOW + 3, address: '2001:db8::1', client: null, service: null },
  networks: ['192.0.2.0/24', '2001:db8::/32'],
  selfRotate: true,
  name: 'farm',
  labels: { team: 'builds' },
  owner: 'ops@acme.example',
  valueIssuedAt: NOW + 2,
  generation: 7,
  version: 9,
} as const satisfies Partial<TokenRecord>;
const POOREST: Partial<TokenRecord> = { derivation: null, expiresAt: null };

function keyOf(id: string): Key {
  return { pk: `account#${accountHandle(ACCOUNT)}`, sk: `token#${id}` };
}

/** The fields as plain data: a `Buffer` and a `Uint8Array` with the same bytes are the same. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, field) =>
      field?.type === 'Buffer' || field instanceof Uint8Array
        ? Buffer.from(field.data ?? field).toString('hex')
        : field,
    ) ?? 'null',
  );
}

async function listAll(tokens: TokenStore, account: Account, limit: number): Promise<string[]> {
  const ids: string[] = [];
  let after: string | undefined;
  do {
    const page = await tokens.list(account, { limit, after, now: NOW });
    expect(page.records.length).toBeLessThanOrEqual(limit);
    ids.push(...page.records.map(({ id }) => id));
    after = page.next;
  } while (after !== undefined);
  return ids;
}

describe('a token store', () => {
  it.each([
    ['every fact', RICHEST],
    ['no optional fact', POOREST],
    ['a list of no repositories, which differs from no list', { repositories: [] }],
  ])('returns a record with %s as it was added', async (_, facts) => {
    const { tokens } = await open();
    const record = aToken(facts);
    expect(await tokens.add(record)).toBe(true);
    expect(plain(await tokens.get(ACCOUNT, record.id, NOW))).toEqual(plain(record));
  });

  it('adds an id once', async () => {
    const { tokens } = await open();
    const first = aToken({ description: 'first' });
    const added = await Promise.all([first, { ...first }, { ...first }].map(record => tokens.add(record)));
    expect(added.filter(Boolean)).toHaveLength(1);
  });

  it('hides the tokens of other accounts', async () => {
    const { tokens } = await open();
    const record = aToken();
    await tokens.add(record);
    expect(await tokens.get(OTHER_ACCOUNT, record.id, NOW)).toBeUndefined();
    expect(await listAll(tokens, OTHER_ACCOUNT, 10)).toEqual([]);
  });

  it('treats an expired token as absent, from the second it expires', async () => {
    const { tokens } = await open();
    const record = aToken({ expiresAt: NOW + 10 });
    await tokens.add(record);
    expect(await tokens.get(ACCOUNT, record.id, NOW + 9)).toBeDefined();
    expect(await tokens.get(ACCOUNT, record.id, NOW + 10)).toBeUndefined();
    const renewed = { ...record, expiresAt: null, version: 2 };
    expect(await tokens.update(record, renewed, NOW + 10)).toBe(false);
    expect(await tokens.remove(record, NOW + 10)).toBe(false);
    expect(await tokens.update(record, renewed, NOW + 9)).toBe(true);
  });

  it.each([
    ['adds facts', POOREST, RICHEST],
    ['removes facts', RICHEST, POOREST],
  ])('stores an update that %s', async (_, from, to) => {
    const { tokens } = await open();
    const before = aToken({ ...from, lastUsedAt: null, version: 1 });
    const after = { ...aToken({ ...to, lastUsedAt: null, version: 2 }), id: before.id };
    await tokens.add(before);
    expect(await tokens.update(before, after, NOW)).toBe(true);
    expect(plain(await tokens.get(ACCOUNT, before.id, NOW))).toEqual(plain(after));
  });

  it('applies one of many updates of the same version', async () => {
    const { tokens } = await open();
    const before = aToken();
    await tokens.add(before);
    const names = ['a', 'b', 'c', 'd', 'e', 'f'];
    const done = await Promise.all(
      names.map(description => tokens.update(before, { ...before, description, version: 2 }, NOW)),
    );
    expect(done.filter(Boolean)).toHaveLength(1);
    expect((await tokens.get(ACCOUNT, before.id, NOW))?.description).toBe(names[done.indexOf(true)]);
    expect(await tokens.update(before, { ...before, version: 2 }, NOW)).toBe(false);
  });

  it('does not lose a last use to an update that read the record before it', async () => {
    const { tokens, logins } = await open();
    const before = aToken();
    await tokens.add(before);
    await logins.touch(before, 1, aUse({ at: NOW }));
    expect(await tokens.update(before, { ...before, description: 'x', version: 2 }, NOW)).toBe(true);
    expect((await tokens.get(ACCOUNT, before.id, NOW))?.lastUsedAt).toBe(NOW);
  });

  it('writes only what an update changes', async () => {
    const recorded = recordedTable(await openTable());
    const record = aToken(RICHEST);
    const { tokens } = storesOn(recorded.table);
    await tokens.add(record);
    recorded.calls.length = 0;
    await tokens.update(record, { ...record, description: 'x', disabled: null, version: 10 }, NOW);
    expect(recorded.calls).toMatchObject([{ method: 'update', args: [keyOf(record.id), {}, {}] }]);
    expect(recorded.calls[0]?.args[1]).toEqual({
      set: { description: 'x', version: 10, write2: expect.any(String) },
      remove: ['disabledAt', 'disabledBy'],
    });
  });

  it.each([1, 3, 10, 200])('lists all tokens, newest first, in pages of %d', async limit => {
    const { tokens } = await open();
    const records = Array.from({ length: 30 }, (_, i) =>
      aToken({ createdAt: NOW - i, expiresAt: i % 3 === 0 ? NOW : NOW + i }),
    );
    await inBatches(records, record => tokens.add(record));
    await Promise.all(records.filter((_, i) => i % 5 === 1).map(record => tokens.remove(record, NOW - 1)));
    const living = records.filter((_, i) => i % 3 !== 0 && i % 5 !== 1).map(({ id }) => id);
    expect(await listAll(tokens, ACCOUNT, limit)).toEqual(living);
  });

  it('stores each fact under the attribute that the design names', async () => {
    const table = await openTable();
    const record = aToken(RICHEST);
    await storesOn(table).tokens.add(record);
    expect(plain(await table.get(keyOf(record.id)))).toEqual({
      ...keyOf(record.id),
      write1: expect.stringMatching(/^[\w-]{22}$/),
      account: ACCOUNT,
      id: record.id,
      hash: plain(record.hash),
      salt: plain(record.derivation?.salt),
      derivationKey: 'k1',
      generation: 7,
      issuedBy: record.issuanceId,
      access: 'push',
      repositories: ['team-a/app', 'team-b/*'],
      description: 'für “CI” – 構築',
      createdAt: NOW,
      createdBy: 'dev:alice',
      expiresAt: NOW + DAY_SECONDS,
      disabledAt: NOW + 5,
      disabledBy: 'dev:bob',
      lastUsedAt: NOW + 4,
      valueUsedAt: NOW + 4,
      valueUse: { address: '192.0.2.1', client: 'docker/28.2.2', service: 'registry.example' },
      previousUsedAt: NOW + 3,
      previousUse: { address: '2001:db8::1' },
      networks: ['192.0.2.0/24', '2001:db8::/32'],
      selfRotate: 1,
      name: 'farm',
      labels: { team: 'builds' },
      owner: 'ops@acme.example',
      valueIssuedAt: NOW + 2,
      previousHash: plain(RICHEST.previous.hash),
      previousExpiresAt: NOW + 60,
      version: 9,
    });
  });

  it.each([
    ['first', 1, NOW],
    ['third', 3, null],
  ])(
    'reads a record of before there were these facts: its %s value',
    async (_, generation, valueIssuedAt) => {
      const table = await openTable();
      const record = aToken({ generation });
      const { valueIssuedAt: __, ...old } = toTokenAttributes(record);
      await table.put({ ...keyOf(record.id), ...old });
      const read = await storesOn(table).tokens.get(ACCOUNT, record.id, NOW);
      expect(plain(read)).toEqual(plain({ ...record, valueIssuedAt }));
    },
  );

  it('stores no expiresAt for a token that never expires, because DynamoDB would delete it', async () => {
    const table = await openTable();
    const record = aToken({ expiresAt: null });
    await storesOn(table).tokens.add(record);
    expect(await table.get(keyOf(record.id))).not.toHaveProperty('expiresAt');
  });
});

describe('a removed token', () => {
  it('is never revived by a write', async () => {
    const { tokens, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    expect(await tokens.remove(record, NOW)).toBe(true);
    expect(await tokens.remove(record, NOW)).toBe(false);
    for (const version of [1, 2, 3]) {
      const stale = { ...record, version };
      const after = { ...stale, expiresAt: null, version: version + 1 };
      expect(await tokens.update(stale, after, NOW)).toBe(false);
      expect(await tokens.remove(stale, NOW)).toBe(false);
    }
    await logins.touch(record, 1, aUse({ at: NOW }));
    expect(await tokens.add(record)).toBe(false);
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
    expect(await listAll(tokens, ACCOUNT, 10)).toEqual([]);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    expect((await logins.read({ token: address, namespaces: [] })).token).toBeUndefined();
  });

  it('leaves a tombstone that says only whose it was and when it was removed', async () => {
    const table = await openTable();
    const record = aToken(RICHEST);
    const { tokens } = storesOn(table);
    await tokens.add(record);
    await tokens.remove(record, NOW);
    expect(await table.get(keyOf(record.id))).toEqual({
      ...keyOf(record.id),
      account: ACCOUNT,
      id: record.id,
      write1: expect.any(String),
      write2: expect.any(String),
      removedAt: NOW,
      expiresAt: NOW + 2 * DAY_SECONDS,
    });
  });

  it('is remembered for a day longer than a request can be repeated', async () => {
    const { tokens, expiry } = await open();
    const record = aToken({ expiresAt: NOW + 60 });
    await tokens.add(record);
    await tokens.remove(record, NOW);
    const expiredBefore = async (cutoff: number) =>
      (await expiry.page({ cutoff, candidatesUntil: undefined }, undefined)).expired;
    expect(await expiredBefore(NOW + 2 * DAY_SECONDS)).toEqual([]);
    expect(await expiredBefore(NOW + 2 * DAY_SECONDS + 1)).toHaveLength(1);
  });

  it('is not updated at the same time', async () => {
    const { tokens } = await open();
    const before = aToken();
    await tokens.add(before);
    const [updated, removed] = await Promise.all([
      tokens.update(before, { ...before, version: 2 }, NOW),
      tokens.remove(before, NOW),
    ]);
    expect([updated, removed].filter(Boolean)).toHaveLength(1);
    expect((await tokens.get(ACCOUNT, before.id, NOW)) === undefined).toBe(removed);
  });
});

describe('a write whose answer was lost', () => {
  it('recognises itself when it is sent again', async () => {
    const table = await openTable();
    const record = aToken();
    expect(await storesOn(losingAnswer(table, 'put')).tokens.add(record)).toBe(true);
    const after = { ...record, description: 'x', version: 2 };
    expect(await storesOn(losingAnswer(table, 'update')).tokens.update(record, after, NOW)).toBe(true);
    expect((await storesOn(table).tokens.get(ACCOUNT, record.id, NOW))?.version).toBe(2);
    expect(await storesOn(losingAnswer(table, 'update')).tokens.remove(after, NOW)).toBe(true);
  });

  it('does not take the write of another request for its own', async () => {
    const table = await openTable();
    const { tokens } = storesOn(table);
    const record = aToken();
    const other = { ...record, description: 'the other', version: 2 };
    await tokens.add(record);
    expect(await tokens.update(record, other, NOW)).toBe(true);
    const losing = storesOn(losingAnswer(table, 'update')).tokens;
    expect(await losing.update(record, { ...record, version: 2 }, NOW)).toBe(false);
    expect(await tokens.add(record)).toBe(false);
  });

  it('does not undo a removal that came in between', async () => {
    const table = await openTable();
    const { tokens } = storesOn(table);
    const record = aToken();
    const after = { ...record, version: 2 };
    await tokens.add(record);
    const losing = losingAnswer(table, 'update', () => tokens.remove(after, NOW));
    expect(await storesOn(losing).tokens.update(record, after, NOW)).toBe(true);
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
  });
});

describe('a malformed item', () => {
  it.each<[string, Value | undefined]>([
    ['account', 'acme'],
    ['account', 'Dev:acme'],
    ['id', 'x'],
    ['hash', undefined],
    ['hash', randomBytes(31)],
    ['hash', 'text'],
    ['salt', undefined],
    ['salt', randomBytes(15)],
    ['derivationKey', undefined],
    ['generation', '1'],
    ['issuedBy', undefined],
    ['access', 'admin'],
    ['access', undefined],
    ['repositories', ['*']],
    ['repositories', 'team-a/*'],
    ['repositories', null],
    ['description', undefined],
    ['createdAt', null],
    ['createdBy', ''],
    ['expiresAt', 'never'],
    ['disabledAt', undefined],
    ['disabledBy', undefined],
    ['previousHash', undefined],
    ['previousExpiresAt', undefined],
    ['version', undefined],
  ])('is an error, never a grant: %s %o', async (name, value) => {
    const table = await openTable();
    const { tokens, logins } = storesOn(table);
    const record = aToken(RICHEST);
    await tokens.add(record);
    const change = value === undefined ? { remove: [name] } : { set: { [name]: value } };
    await table.update(keyOf(record.id), change);
    const address = { handle: accountHandle(ACCOUNT), id: record.id };
    const asked = [tokens.get(ACCOUNT, record.id, NOW), logins.read({ token: address, namespaces: [] })];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'internal' } });
    }
  });
});

describe('a tombstone that is added', () => {
  it('keeps the token from being added, and is none for a reader', async () => {
    const table = await openTable();
    const { tokens } = storesOn(table);
    const record = aToken();
    await tokens.addTombstone(ACCOUNT, record.id, NOW);
    expect(await table.get(keyOf(record.id))).toEqual({
      ...keyOf(record.id),
      ...{ account: ACCOUNT, id: record.id, removedAt: NOW, expiresAt: NOW + 2 * DAY_SECONDS },
    });
    expect(await tokens.add(record)).toBe(false);
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
  });

  it('replaces no record', async () => {
    const { tokens } = await open();
    const record = aToken();
    await tokens.add(record);
    await tokens.addTombstone(ACCOUNT, record.id, NOW);
    expect(plain(await tokens.get(ACCOUNT, record.id, NOW))).toEqual(plain(record));
  });
});

it('an item that names another account than its key is no token of either', async () => {
  const table = await openTable();
  const { tokens } = storesOn(table);
  const record = aToken();
  await table.put({ ...keyOf(record.id), ...toTokenAttributes({ ...record, account: OTHER_ACCOUNT }) });
  expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
  expect(await listAll(tokens, ACCOUNT, 10)).toEqual([]);
});

describe('an update that ends with an error', () => {
  /** The stores on a table whose updates fail, before or after they are applied. */
  async function failing(isApplied: boolean, isReadable = true) {
    const table = await openTable();
    const record = aToken();
    await storesOn(table).tokens.add(record);
    const broken: Table = {
      ...table,
      update: async (...args) => {
        if (isApplied) await table.update(...args);
        throw new Error('no answer');
      },
      get: key => (isReadable ? table.get(key) : Promise.reject(new Error('no answer either'))),
    };
    const after = { ...record, description: 'x', version: 2 };
    return storesOn(broken).tokens.update(record, after, NOW);
  }

  it('is done where it was applied', async () => {
    expect(await failing(true)).toBe(true);
  });

  it.each([
    ['it was not applied', false, true],
    ['that cannot be found out', true, false],
  ])('is an error where %s', async (_, isApplied, isReadable) => {
    await expect(failing(isApplied, isReadable)).rejects.toThrow(new Error('no answer'));
  });
});
