/** Events that wait to be sent: in the order in which they are due, each with what the item of its token tells of its act. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { CloudEvent } from '../../lib/domain/notice.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { OutboxEntry } from '../../lib/ports/notices.ts';
import type { Table } from '../../lib/ports/table.ts';
import { tokenKey } from '../../lib/store/items.ts';
import { markOf, outboxStore } from '../../lib/store/outbox-store.ts';
import { toTokenAttributes } from '../../lib/store/token-items.ts';
import { recordedTable, watchedTable } from '../support/faulty-table.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { itemsOf, useStores } from '../support/stores.ts';

const { openTable } = useStores();

const HANDLE = accountHandle(ACCOUNT);
const ID = aToken().id;
const EVENT = { specversion: '1.0', id: 'e1', type: 'token.disabled' } as CloudEvent;
const anEntry = (facts: Partial<OutboxEntry> = {}): OutboxEntry => ({
  id: 'e1',
  type: 'token.disabled',
  token: { handle: HANDLE, id: ID },
  dueAt: NOW,
  event: EVENT,
  expects: 2,
  ...facts,
});
/** Of a token that ends in a day. */
const anExpiry = (facts: Partial<OutboxEntry> = {}) =>
  anEntry({ type: 'token.expiring', event: null, expects: NOW + DAY_SECONDS, ...facts });

/** The item of the token, with what marks it. */
const putToken = (table: Table, token: TokenRecord, more: object = {}) =>
  table.put({ ...tokenKey({ handle: HANDLE, id: token.id }), ...toTokenAttributes(token), ...more });

const named = (entries: readonly OutboxEntry[]) => entries.map(({ id }) => id);

describe('an outbox', () => {
  it.each([anEntry(), anExpiry()])(
    'gives back what it was given, and forgets what it is told to',
    async entry => {
      const outbox = outboxStore({ table: await openTable() });
      await outbox.prepare(entry);
      const { entries, next } = await outbox.due(NOW, undefined);
      expect([entries, next]).toMatchObject([[entry], undefined]);
      await outbox.remove(entry);
      expect(await outbox.due(NOW, undefined)).toEqual({ entries: [], next: undefined });
    },
  );

  it('has due what is due in this second, in order, and nothing later', async () => {
    const outbox = outboxStore({ table: await openTable() });
    for (const [id, dueAt] of Object.entries({ c: NOW + 1, b: NOW, a: NOW, z: NOW - 86_400 })) {
      await outbox.prepare(anEntry({ id, dueAt }));
    }
    expect(named((await outbox.due(NOW, undefined)).entries)).toEqual(['z', 'a', 'b']);
    expect(named((await outbox.due(NOW - 1, undefined)).entries)).toEqual(['z']);
  });

  it('is read in pages of 50, and ends where the first is that is not due', async () => {
    const outbox = outboxStore({ table: await openTable() });
    const ids = Array.from({ length: 101 }, (_, i) => `e${100 + i}`);
    await Promise.all(ids.map(id => outbox.prepare(anEntry({ id }))));
    await outbox.prepare(anEntry({ id: 'later', dueAt: NOW + 1 }));
    const first = await outbox.due(NOW, undefined);
    expect(named(first.entries)).toEqual(ids.slice(0, 50));
    const second = await outbox.due(NOW, first.next);
    expect(named(second.entries)).toEqual(ids.slice(50, 100));
    const last = await outbox.due(NOW, second.next);
    expect([named(last.entries), last.next]).toEqual([ids.slice(100), undefined]);
    expect(await outbox.due(NOW - 1, undefined)).toEqual({ entries: [], next: undefined });
  });

  it.each([26 * HOUR_SECONDS, 400 * DAY_SECONDS])(
    'has due an act that a clock which was %s seconds ahead has stored, behind what is due, and no expiry',
    async ahead => {
      const outbox = outboxStore({ table: await openTable() });
      await outbox.prepare(anEntry({ id: 'ahead', dueAt: NOW + ahead }));
      await outbox.prepare(anExpiry({ id: 'end', dueAt: NOW + ahead, expects: NOW + ahead + DAY_SECONDS }));
      expect(named((await outbox.due(NOW, undefined)).entries)).toEqual(['ahead']);
      for (const id of ['a', 'b']) await outbox.prepare(anEntry({ id }));
      for (let i = 0; i < 60; i++) await outbox.prepare(anExpiry({ id: `e${i}`, dueAt: NOW + 1 + i }));
      const { entries, next } = await outbox.due(NOW, undefined);
      expect([named(entries), next]).toEqual([['a', 'b', 'ahead'], undefined]);
    },
  );

  it('reads what is far ahead in pages, each entry once', async () => {
    const outbox = outboxStore({ table: await openTable() });
    const ids = Array.from({ length: 101 }, (_, i) => `e${100 + i}`);
    await Promise.all(ids.map(id => outbox.prepare(anEntry({ id, dueAt: NOW + 400 * DAY_SECONDS }))));
    for (const [id, dueAt] of Object.entries({ a: NOW, later: NOW + 1 })) {
      await outbox.prepare(anEntry({ id, dueAt }));
    }
    const found: string[] = [];
    for (let next: string | undefined, isLast = false; !isLast; isLast = next === undefined) {
      const page = await outbox.due(NOW, next);
      found.push(...named(page.entries));
      next = page.next;
    }
    expect(found).toEqual(['a', ...ids]);
  });

  it.each<[what: string, entry: OutboxEntry, at: number]>([
    ['an act 30 days after it was due', anEntry(), NOW + 30 * DAY_SECONDS],
    ['an expiry 30 days after the end', anExpiry(), NOW + 31 * DAY_SECONDS],
  ])('lets %s be deleted, where no one sends any more', async (_, entry, expiresAt) => {
    const table = await openTable();
    await outboxStore({ table }).prepare(entry);
    expect(await itemsOf(table)).toMatchObject([{ pk: 'notices', expiresAt }]);
  });

  it.each([
    ...['id', 'type', 'handle', 'token', 'dueAt', 'event', 'expects'].map(
      name => [name, { not: 'this' }] as const,
    ),
    ['event', '{"specversion'] as const,
  ])('refuses an entry whose %s is damaged', async (name, damaged) => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    await outbox.prepare(anEntry());
    const [item = { pk: '', sk: '' }] = await itemsOf(table);
    await table.put({ ...item, [name]: damaged });
    await expect(outbox.due(NOW, undefined)).rejects.toMatchObject({
      code: 'internal',
      details: { reason: expect.stringContaining(`: ${name} is malformed`) },
    });
  });
});

describe('what a token tells of an act', () => {
  const mark = (facts: Partial<OutboxEntry> = {}) => markOf(anEntry(facts));
  it.each<[what: string, marks: object | undefined, outcome: string]>([
    ['that has its mark: it happened', mark(), 'happened'],
    ['beside the marks of others: it happened', { ...mark({ id: 'e0', expects: 1 }), ...mark() }, 'happened'],
    ['without a mark: it did not happen', {}, 'not-happened'],
    ['whose version another event has made: it did not happen', mark({ id: 'e2' }), 'not-happened'],
    ['eight versions before: it did not happen', { notice2: '1 e0' }, 'not-happened'],
    ['eight versions later: it cannot be told', mark({ id: 'e9', expects: 10 }), 'unknown'],
    ['that is not there: it cannot be told', undefined, 'unknown'],
  ])('%s', async (_, marks, outcome) => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    const token = aToken({ id: ID });
    if (marks !== undefined) await putToken(table, token, marks);
    await outbox.prepare(anEntry());
    const { entries } = await outbox.due(NOW, undefined);
    expect(entries).toMatchObject([{ ...anEntry(), outcome }]);
    expect(entries[0]?.record?.issuanceId).toBe(marks && token.issuanceId);
  });

  it.each<[what: string, facts: Partial<TokenRecord>, outcome: string]>([
    ['ends then: it will', {}, 'happened'],
    ['ends later by now: it will not', { expiresAt: NOW + 2 * DAY_SECONDS }, 'not-happened'],
    ['never ends by now: it will not', { expiresAt: null }, 'not-happened'],
    ['is disabled by now: it will not', { disabled: { at: NOW, by: 'dev:alice' } }, 'not-happened'],
  ])('that %s', async (_, facts, outcome) => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    await putToken(table, aToken({ id: ID, expiresAt: NOW + DAY_SECONDS, ...facts }));
    await outbox.prepare(anExpiry());
    expect((await outbox.due(NOW, undefined)).entries).toMatchObject([{ outcome }]);
  });

  it('that is of another account by its item, malformed or removed is nothing', async () => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    await outbox.prepare(anExpiry());
    const token = aToken({ id: ID, expiresAt: NOW + DAY_SECONDS });
    for (const change of [{ account: OTHER_ACCOUNT }, { version: 'x' }]) {
      await putToken(table, token, change);
      const { entries } = await outbox.due(NOW, undefined);
      expect(entries).toMatchObject([{ outcome: 'not-happened', record: undefined }]);
    }
    await table.delete(tokenKey({ handle: HANDLE, id: ID }));
    expect((await outbox.due(NOW, undefined)).entries).toMatchObject([{ outcome: 'not-happened' }]);
  });

  it('is told by the item of its own account, also where another has a token of that id', async () => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    const handle = accountHandle(OTHER_ACCOUNT);
    await putToken(table, aToken({ id: ID }));
    await table.put({
      ...tokenKey({ handle, id: ID }),
      ...toTokenAttributes(aToken({ id: ID, account: OTHER_ACCOUNT })),
    });
    await outbox.prepare(anEntry({ id: 'a' }));
    await outbox.prepare(anEntry({ id: 'b', token: { handle, id: ID } }));
    const { entries } = await outbox.due(NOW, undefined);
    expect(entries.map(({ record }) => record?.account)).toEqual([ACCOUNT, OTHER_ACCOUNT]);
  });

  it('is read once for each token of a page', async () => {
    const table = await openTable();
    const [one, other] = [aToken(), aToken()];
    for (const token of [one, other]) await putToken(table, token);
    const keys: number[] = [];
    const batchGet: Table['batchGet'] = async wanted => {
      keys.push(wanted.length);
      return table.batchGet(wanted);
    };
    const watched = {
      query: table.query.bind(table),
      put: table.put.bind(table),
      batchGet,
    } as unknown as Table;
    const outbox = outboxStore({ table: watched });
    await outbox.due(NOW, undefined);
    expect(keys).toEqual([]);
    const ids = [one, other, one].map(({ id }) => id);
    for (const [i, id] of ids.entries()) {
      await outbox.prepare(anEntry({ id: `e${i}`, token: { handle: HANDLE, id } }));
    }
    const { entries } = await outbox.due(NOW, undefined);
    expect(entries.map(({ record }) => record?.id)).toEqual(ids);
    expect(keys).toEqual([2]);
  });
});

describe('what is scheduled', () => {
  it('is stored once, also after it was sent, as long as its token lives and a day more', async () => {
    const table = await openTable();
    const outbox = outboxStore({ table });
    await outbox.schedule([anExpiry({ id: 'a' }), anExpiry({ id: 'b' })]);
    expect(named((await outbox.due(NOW, undefined)).entries)).toEqual(['a', 'b']);
    await outbox.remove(anExpiry({ id: 'a' }));
    await outbox.schedule([anExpiry({ id: 'a' }), anExpiry({ id: 'b' }), anExpiry({ id: 'c' })]);
    expect(named((await outbox.due(NOW, undefined)).entries)).toEqual(['b', 'c']);
    const known = (await itemsOf(table)).filter(({ pk }) => pk === 'noticed');
    expect(known.map(({ expiresAt }) => expiresAt)).toEqual(Array(3).fill(NOW + 2 * DAY_SECONDS));
  });

  it('is stored also where the process died before it was remembered, and not over what is there', async () => {
    const table = await openTable();
    await outboxStore({ table }).prepare(anExpiry({ expects: NOW + 5 }));
    await outboxStore({ table }).schedule([anExpiry()]);
    expect((await outboxStore({ table }).due(NOW, undefined)).entries).toMatchObject([{ expects: NOW + 5 }]);
  });

  it('is asked for a hundred at a time, and nothing not at all', async () => {
    const { table, calls } = recordedTable(await openTable());
    const outbox = outboxStore({ table });
    await outbox.schedule([]);
    expect(calls).toEqual([]);
    const ids = Array.from({ length: 101 }, (_, i) => `e${100 + i}`);
    await outbox.schedule(ids.map(id => anExpiry({ id })));
    const known = calls.filter(({ method }) => method === 'batchGet');
    expect(known.map(({ args: [keys] }) => (keys as readonly object[]).length)).toEqual([100, 1]);
    calls.length = 0;
    await outbox.schedule(ids.slice(1).map(id => anExpiry({ id })));
    expect(calls.map(({ method }) => method)).toEqual(['batchGet']);
  });

  it('is stored before it is remembered', async () => {
    const table = await openTable();
    const pks: Set<string>[] = [];
    const watched = watchedTable(table, async (name, step) => {
      const done = await step();
      if (name === 'table.put') pks.push(new Set((await itemsOf(table)).map(({ pk }) => pk)));
      return done;
    });
    await outboxStore({ table: watched }).schedule([anExpiry()]);
    expect(pks).toEqual([new Set(['notices']), new Set(['notices', 'noticed'])]);
  });
});
