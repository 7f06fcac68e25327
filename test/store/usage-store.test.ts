/** The counters of pulls: one for each day, token and repository, counted once each and read by day. */
import { randomBytes, randomUUID } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { CounterName, UsageRange, UsageStore } from '../../lib/ports/stores.ts';
import type { Table } from '../../lib/ports/table.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { rejectionOf } from '../support/errors.ts';
import { losingAnswer, recordedTable, watchedTable } from '../support/faulty-table.ts';
import { ACCOUNT, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { itemsOf, storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const HANDLE = accountHandle(ACCOUNT);
const [ONE, OTHER] = ['01a1fd51-c23e-7c1e-8dcf-87c09e970095', '01a1fd51-c23e-7c1e-8dcf-87c09e970096'];
const APP = { handle: HANDLE, token: ONE, repository: 'team-a/app', pullsPerDay: null };
const EVER: UsageRange = { from: '2000-01-01', to: '2100-01-01', limit: 1000 };

/** Each counter as a line. */
async function linesOf(usage: UsageStore, range: Partial<UsageRange> = {}): Promise<string[]> {
  const { counters } = await usage.list(HANDLE, { ...EVER, ...range });
  return counters.map(({ day, token, repository, pulls }) => `${day} ${token} ${repository} ${pulls}`);
}

describe('a counter', () => {
  it('counts the pulls of a day, of a token and of a repository', async () => {
    const { usage } = await open();
    const midnight = Date.UTC(2026, 10, 22) / 1000;
    await usage.count(APP, NOW);
    await usage.count(APP, midnight - 1);
    await usage.count(APP, midnight);
    await usage.count({ ...APP, repository: 'team-a/app/b' }, NOW);
    await usage.count({ ...APP, token: OTHER }, NOW);
    await usage.count({ ...APP, handle: accountHandle(OTHER_ACCOUNT) }, NOW);
    expect(await linesOf(usage)).toEqual([
      `2026-11-22 ${ONE} team-a/app 1`,
      `2026-11-21 ${OTHER} team-a/app 1`,
      `2026-11-21 ${ONE} team-a/app/b 1`,
      `2026-11-21 ${ONE} team-a/app 2`,
    ]);
  });

  it('counts every one of many pulls at once', async () => {
    const { usage } = await open();
    await Promise.all(Array.from({ length: 20 }, () => usage.count(APP, NOW)));
    expect(await linesOf(usage)).toEqual([`2026-11-21 ${ONE} team-a/app 20`]);
  });

  it('takes one update for each pull', async () => {
    const { table, calls } = recordedTable(await openTable());
    const { usage } = storesOn(table);
    for (let pull = 0; pull < 3; pull++) await usage.count(APP, NOW);
    expect(calls.map(({ method }) => method)).toEqual(['update', 'update', 'update']);
  });

  it('counts a pull once when the answer to its update is lost', async () => {
    const table = await openTable();
    const { usage } = storesOn(losingAnswer(table, 'update'));
    await usage.count(APP, NOW);
    await usage.count(APP, NOW);
    expect(await linesOf(usage)).toEqual([`2026-11-21 ${ONE} team-a/app 2`]);
  });

  it('counts a pull once although seven others came before its update was sent again', async () => {
    const table = await openTable();
    /** Pulls whose identifiers go into this place. */
    const at = (place: number, onto = table) =>
      usageStore({
        table: onto,
        randomBytes: count => Uint8Array.from(randomBytes(count)).fill(place, 0, 1),
      });
    const others = async () => {
      for (let place = 9; place < 16; place++) await at(place).count(APP, NOW);
    };
    await at(8, losingAnswer(table, 'update', others)).count(APP, NOW);
    expect(await linesOf(storesOn(table).usage)).toEqual([`2026-11-21 ${ONE} team-a/app 8`]);
    const [item] = await itemsOf(table);
    const places = Object.keys(item ?? {}).filter(name => name.startsWith('write'));
    expect(new Set(places)).toEqual(new Set(Array.from({ length: 8 }, (_, i) => `write${i}`)));
  });

  it('is not read where there is no limit, also when an answer is lost', async () => {
    const { table, calls } = recordedTable(await openTable());
    await storesOn(losingAnswer(table, 'update')).usage.count(APP, NOW);
    expect(calls.map(({ method }) => method)).toEqual(['update', 'update']);
  });

  it('is kept for 400 days after its own, and then removed by the cleanup', async () => {
    const table = await openTable();
    const { usage, expiry } = storesOn(table);
    await usage.count(APP, NOW);
    await usage.count(APP, NOW + 3600);
    const end = Date.UTC(2026, 10, 22) / 1000 + 400 * DAY_SECONDS;
    expect(await itemsOf(table)).toMatchObject([{ expiresAt: end }]);
    const expiredAt = async (cutoff: number) =>
      (await expiry.page({ cutoff, candidatesUntil: cutoff }, undefined)).expired;
    expect(await expiredAt(end)).toEqual([]);
    const [found] = await expiredAt(end + 1);
    expect(await expiry.removeExpired(found ?? expect.fail('none'), end + 1)).toBe(true);
    expect(await linesOf(usage)).toEqual([]);
  });

  it('fits into a key with the longest of names', async () => {
    const { usage } = await open();
    const repository = `${'n'.repeat(128)}/${'r'.repeat(126)}`;
    await usage.count({ ...APP, repository }, NOW);
    expect(await linesOf(usage)).toEqual([`2026-11-21 ${ONE} ${repository} 1`]);
  });
});

describe('a pull that is reported as an event', () => {
  const event = 'registry.example event-1';
  const count = async (table: Table, pulls: readonly object[]) => {
    for (const pull of pulls) expect(await storesOn(table).usage.count({ ...APP, ...pull }, NOW)).toBe(true);
  };

  it('counts once, however often and to whom it is reported', async () => {
    const table = await openTable();
    await count(table, [{ event }, { event }, { event: 'registry.example event-2' }, { event }]);
    const { usage } = storesOn(table);
    for (let i = 0; i < 2; i++) await usage.count({ ...APP, event: 'another' }, NOW);
    expect(await linesOf(usage)).toEqual([`2026-11-21 ${ONE} team-a/app 3`]);
  });

  it('is not sent to the table again by who has counted it, for this account', async () => {
    const { table, calls } = recordedTable(await openTable());
    const { usage } = storesOn(table);
    const other = accountHandle(OTHER_ACCOUNT);
    for (const handle of [HANDLE, HANDLE, other, HANDLE, other]) {
      expect(await usage.count({ ...APP, handle, event }, NOW)).toBe(true);
    }
    await usage.count({ ...APP, event: 'another' }, NOW);
    expect(calls).toHaveLength(3);
  });

  it('is sent again by who could not count it', async () => {
    const table = await openTable();
    let isAway = true;
    const away = watchedTable(table, (_, step) => (isAway ? Promise.reject(new Error('no answer')) : step()));
    const { usage } = storesOn(away);
    await expect(usage.count({ ...APP, event }, NOW)).rejects.toThrow('no answer');
    isAway = false;
    await usage.count({ ...APP, event }, NOW);
    expect(await linesOf(usage)).toEqual([`2026-11-21 ${ONE} team-a/app 1`]);
  });
});

describe('a counter that is damaged', () => {
  const GOOD = ['2026-11-21', ONE, 'team-a/app'];
  it.each([
    ['a day that is none', ['2026-13-21', ONE, 'team-a/app']],
    ['a token that is none', ['2026-11-21', 'x', 'team-a/app']],
    ['a repository that is none', ['2026-11-21', ONE, 'TEAM']],
    ['a part too many', [...GOOD, 'x']],
    ['a part too few', GOOD.slice(0, 2)],
    ['nothing but a day', GOOD.slice(0, 1)],
  ])('by %s in its key is reported by that key', async (_, parts) => {
    const table = await openTable();
    const { usage } = storesOn(table);
    await usage.count(APP, NOW);
    const [{ pk } = expect.fail('no counter')] = await itemsOf(table);
    await table.put({ pk, sk: parts.join('#'), pulls: 1, token: ONE, repository: 'team-a/app' });
    expect(await rejectionOf(usage.list(HANDLE, EVER))).toMatchObject({
      code: 'internal',
      details: { reason: expect.stringContaining(': sk is malformed') },
    });
  });
});

describe('a limit', () => {
  const LIMITED = { ...APP, pullsPerDay: 3 };
  const outcomes = (usage: UsageStore, pulls: number, now = NOW) =>
    Promise.all(
      Array.from({ length: pulls }, (_, pull) =>
        usage.count({ ...LIMITED, repository: pull % 2 === 0 ? 'team-a/app' : 'team-a/tool' }, now),
      ),
    );
  const sumOf = async (usage: UsageStore) =>
    (await usage.list(HANDLE, EVER)).counters.reduce((sum, { pulls }) => sum + pulls, 0);

  it('is never passed by one, by many pulls at once from several repositories', async () => {
    const { usage } = await open();
    expect((await outcomes(usage, 20)).filter(isCounted => isCounted)).toHaveLength(3);
    expect(await outcomes(usage, 2)).toEqual([false, false]);
    expect(await sumOf(usage)).toBe(3);
  });

  it('is of a day and of a token', async () => {
    const { usage } = await open();
    await outcomes(usage, 4);
    expect(await usage.count({ ...LIMITED, token: OTHER }, NOW)).toBe(true);
    expect(await outcomes(usage, 1, NOW + DAY_SECONDS)).toEqual([true]);
    expect(await sumOf(usage)).toBe(5);
  });

  it('counts from when it is set, and holds as it is at the moment', async () => {
    const { usage } = await open();
    for (let pull = 0; pull < 5; pull++) await usage.count(APP, NOW);
    expect(await outcomes(usage, 4)).toContain(false);
    expect(await usage.count({ ...LIMITED, pullsPerDay: 4 }, NOW)).toBe(true);
    expect(await usage.count({ ...LIMITED, pullsPerDay: 2 }, NOW)).toBe(false);
    expect(await usage.count(APP, NOW)).toBe(true);
  });

  it('takes the last pull although the answer to its update is lost, and no further one', async () => {
    const { usage } = storesOn(losingAnswer(await openTable(), 'update'));
    const last = { ...LIMITED, pullsPerDay: 1 };
    expect(await usage.count(last, NOW)).toBe(true);
    expect(await usage.count(last, NOW)).toBe(false);
    expect(await sumOf(usage)).toBe(1);
  });

  it('refuses a pull whose counter has gone while it was judged', async () => {
    const table = await openTable();
    const gone = { ...recordedTable(table).table, update: async () => false };
    expect(await storesOn(gone).usage.count(LIMITED, NOW)).toBe(false);
  });

  it('is no counter in a list, and its own is removed by the cleanup as they are', async () => {
    const table = await openTable();
    const { usage, expiry } = storesOn(table);
    await usage.count(LIMITED, NOW);
    expect((await usage.list(HANDLE, { ...EVER, to: '2999-12-31' })).counters).toHaveLength(1);
    const cutoff = NOW + 402 * DAY_SECONDS;
    expect((await expiry.page({ cutoff, candidatesUntil: undefined }, undefined)).expired).toHaveLength(2);
  });
});

describe('a list of counters', () => {
  async function filled(): Promise<UsageStore> {
    const { usage } = await open();
    for (let day = 0; day < 5; day++) {
      for (const token of [ONE, OTHER]) {
        for (const repository of ['team-a/app', 'team-a/tool'])
          await usage.count({ ...APP, token, repository }, NOW + day * DAY_SECONDS);
      }
    }
    return usage;
  }

  it('holds the days from the first to the last, both included', async () => {
    const usage = await filled();
    const days = async (from: string, to: string) => [
      ...new Set((await linesOf(usage, { from, to })).map(line => line.slice(0, 10))),
    ];
    expect(await days('2026-11-22', '2026-11-24')).toEqual(['2026-11-24', '2026-11-23', '2026-11-22']);
    expect(await days('2026-11-23', '2026-11-23')).toEqual(['2026-11-23']);
    expect(await days('2026-11-26', '2027-11-26')).toEqual([]);
    expect(await days('2025-11-26', '2026-11-20')).toEqual([]);
  });

  it('holds those of a token, of a repository, or of both', async () => {
    const usage = await filled();
    const day = { from: '2026-11-22', to: '2026-11-22' };
    expect(await linesOf(usage, { ...day, token: ONE })).toEqual([
      `2026-11-22 ${ONE} team-a/tool 1`,
      `2026-11-22 ${ONE} team-a/app 1`,
    ]);
    expect(await linesOf(usage, { ...day, repository: 'team-a/app' })).toEqual([
      `2026-11-22 ${OTHER} team-a/app 1`,
      `2026-11-22 ${ONE} team-a/app 1`,
    ]);
    expect(await linesOf(usage, { ...day, token: ONE, repository: 'team-a/app' })).toEqual([
      `2026-11-22 ${ONE} team-a/app 1`,
    ]);
    expect(await linesOf(usage, { ...day, token: randomUUID() })).toEqual([]);
  });

  it.each([1, 3, 4, 20])(
    'is read page by page, each counter once, and ends at its first day (pages of %i)',
    async limit => {
      const usage = await filled();
      const range = { from: '2026-11-22', to: '2026-11-24', token: ONE };
      const found: string[] = [];
      let after: CounterName | undefined;
      let pages = 0;
      do {
        const page = await usage.list(HANDLE, { ...range, after, limit });
        found.push(...page.counters.map(({ day, repository }) => `${day} ${repository}`));
        after = page.next;
        pages++;
      } while (after !== undefined);
      expect(found).toEqual(
        ['24', '23', '22'].flatMap(day => [`2026-11-${day} team-a/tool`, `2026-11-${day} team-a/app`]),
      );
      expect(pages).toBeLessThanOrEqual(Math.ceil(14 / limit) + 1);
    },
  );

  it('never leaves its days, wherever it is to go on', async () => {
    const usage = await filled();
    const after = { day: '2099-01-01', token: ONE, repository: 'team-a/app' };
    expect(await linesOf(usage, { from: '2026-11-21', to: '2026-11-21', after })).toHaveLength(4);
  });

  it('refuses an item that this program does not write', async () => {
    const table = await openTable();
    const { usage } = storesOn(table);
    await table.put({ pk: `usage#${HANDLE}`, sk: `2026-11-21#${ONE}#team-a/app`, pulls: 'many' });
    await expect(usage.list(HANDLE, EVER)).rejects.toMatchObject({ code: 'internal' });
  });
});
