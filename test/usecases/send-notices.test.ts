/** Events about tokens: none of an act is lost wherever the process dies, none is sent of what did not happen, each under one id. */

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { CloudEvent } from '../../lib/domain/notice.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { patchToken, rotateToken, type TokenRecord } from '../../lib/domain/token-record.ts';
import type { NoticeSink } from '../../lib/ports/notices.ts';
import type { Table } from '../../lib/ports/table.ts';
import { outboxStore } from '../../lib/store/outbox-store.ts';
import { tokenStore } from '../../lib/store/token-store.ts';
import { NO_METRICS } from '../../lib/telemetry/log.ts';
import { cleanUp } from '../../lib/usecases/clean-up.ts';
import { KEPT_SECONDS, scheduleExpiryNotices, sendNotices } from '../../lib/usecases/send-notices.ts';
import { watchedTable } from '../support/faulty-table.ts';
import { aToken, NOW } from '../support/records.ts';
import { countSteps, failingAt } from '../support/steps.ts';
import { itemsOf, memoryStores, memoryTable } from '../support/stores.ts';

const publicUrl = 'https://pullpass.example';
const LATER = NOW + 300;

function storeOn(table: Table) {
  return tokenStore({ table, randomBytes, notices: { outbox: outboxStore({ table }), publicUrl } });
}

interface Run {
  readonly now?: number;
  readonly sink?: NoticeSink;
  readonly remainingMs?: () => number;
}

async function run(table: Table, { now = LATER, sink, remainingMs = () => 60_000 }: Run = {}) {
  const events: CloudEvent[] = [];
  const logged: string[] = [];
  const log = (message: string) => void logged.push(message);
  const counts = await sendNotices({
    outbox: outboxStore({ table }),
    sink: sink ?? { send: async event => void events.push(event) },
    publicUrl,
    clock: () => now * 1000,
    log: { info: log, warn: log, error: log },
    metrics: NO_METRICS,
    remainingMs,
  });
  return { events, logged, counts, types: events.map(({ type }) => type) };
}

const left = async (table: Table) => (await itemsOf(table)).filter(({ pk }) => pk === 'notices').length;

async function withToken(facts: Partial<TokenRecord> = {}) {
  const table = memoryTable();
  const tokens = storeOn(table);
  const token = aToken({ expiresAt: NOW + 300 * DAY_SECONDS, ...facts });
  await tokens.add(token);
  return { table, tokens, token };
}

const rotated = (token: TokenRecord) =>
  rotateToken(
    token,
    { hash: randomBytes(32), derivation: null, issuanceId: 'w' },
    { graceSeconds: 60, now: NOW },
  );
const disabled = (token: TokenRecord) => patchToken(token, { disabled: true }, { now: NOW, by: 'dev:alice' });
const described = (token: TokenRecord) =>
  patchToken(token, { description: 'x' }, { now: NOW, by: 'dev:alice' });

const ACTS: [string, (tokens: ReturnType<typeof storeOn>, token: TokenRecord) => Promise<boolean>][] = [
  ['token.rotated', (tokens, token) => tokens.update(token, rotated(token), NOW)],
  ['token.disabled', (tokens, token) => tokens.update(token, disabled(token), NOW)],
  ['token.revoked', (tokens, token) => tokens.remove(token, NOW)],
];

describe.each(ACTS)('%s', (type, act) => {
  it('is sent once, and only then forgotten', async () => {
    const { table, tokens, token } = await withToken();
    expect(await act(tokens, token)).toBe(true);
    expect((await run(table)).events).toMatchObject([{ type, subject: token.id }]);
    expect((await run(table)).events).toEqual([]);
    expect(await left(table)).toBe(0);
  });

  it('is sent at every point where the process may die, if and only if the act happened', async () => {
    const { table, tokens, token } = await withToken();
    const steps = await countSteps(async around => {
      const copy = memoryTable();
      for (const item of await itemsOf(table)) await copy.put(item);
      await act(storeOn(watchedTable(copy, around)), token);
    });
    expect(await tokens.get(token.account, token.id, NOW)).toMatchObject({ version: 1 });
    for (let step = 0; step < steps; step++) {
      for (const when of ['before', 'after'] as const) {
        const copy = memoryTable();
        for (const item of await itemsOf(table)) await copy.put(item);
        await act(storeOn(watchedTable(copy, failingAt(step, when))), token).catch(() => undefined);
        const now = await storeOn(copy).get(token.account, token.id, NOW);
        const happened = now?.version !== 1;
        expect((await run(copy)).types, `${when} step ${step}`).toEqual(happened ? [type] : []);
        expect(await left(copy), `${when} step ${step}`).toBe(0);
      }
    }
  });

  it('is not sent when another writer was faster', async () => {
    const { table, tokens, token } = await withToken();
    await tokens.update(token, described(token), NOW);
    expect(await act(tokens, token)).toBe(false);
    expect(await left(table)).toBe(0);
    expect((await run(table)).events).toEqual([]);
  });
});

describe('what was prepared', () => {
  const prepared = (token: TokenRecord, expects = token.version + 1) =>
    ({
      id: 'e1',
      type: 'token.disabled',
      token: { handle: 'x'.repeat(16), id: token.id },
      dueAt: NOW,
      event: { specversion: '1.0', id: 'e1', type: 'token.disabled' } as CloudEvent,
      expects,
    }) as const;

  it('waits while its act may still happen, and is forgotten when it cannot any more', async () => {
    const { table, token } = await withToken();
    const { handle } =
      (await itemsOf(table)).map(({ pk }) => ({ handle: pk.slice('account#'.length) }))[0] ?? {};
    await outboxStore({ table }).prepare({
      ...prepared(token),
      token: { handle: handle ?? '', id: token.id },
    });
    expect((await run(table, { now: NOW + 119 })).events).toEqual([]);
    expect(await left(table)).toBe(1);
    expect((await run(table, { now: NOW + 120 })).events).toEqual([]);
    expect(await left(table)).toBe(0);
  });

  it('is sent rather than lost when so much happened since that it cannot be told', async () => {
    const { table } = await withToken();
    await outboxStore({ table }).prepare(prepared(aToken()));
    expect((await run(table)).events).toMatchObject([{ id: 'e1' }]);
  });
});

it('ten changes of one token between two runs are ten events, in order', async () => {
  const { table, tokens, token } = await withToken();
  let now = token;
  for (let i = 0; i < 10; i++) {
    const next = rotated(now);
    await tokens.update(now, next, NOW + i);
    now = next;
  }
  const { events } = await run(table);
  expect(events.map(({ data }) => data.generation)).toEqual([2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);
  expect(new Set(events.map(({ id }) => id)).size).toBe(10);
});

describe('a receiver that is away', () => {
  const away: NoticeSink = { send: () => Promise.reject(new Error('the webhook answered 503')) };

  it('gets every event when it is back, under the ids that it missed', async () => {
    const { table, tokens, token } = await withToken();
    await tokens.update(token, rotated(token), NOW);
    const missed: string[] = [];
    const sink = {
      send: (event: CloudEvent) => {
        missed.push(event.id);
        return away.send(event);
      },
    };
    const first = await run(table, { sink });
    expect([first.counts, first.logged]).toEqual([{ sent: 0, failed: 1 }, ['notice-failed']]);
    const { events } = await run(table, { now: LATER + 300 });
    expect(events.map(({ id }) => id)).toEqual(missed);
  });

  it('is asked three times in a run, however many events wait', async () => {
    const { table, tokens } = await withToken();
    for (let i = 0; i < 60; i++) {
      const token = aToken();
      await tokens.add(token);
      await tokens.remove(token, NOW);
    }
    expect((await run(table, { sink: away })).counts).toEqual({ sent: 0, failed: 3 });
    expect((await run(table)).counts).toEqual({ sent: 60, failed: 0 });
  });

  it('for more than three days misses events, and the log says which', async () => {
    const { table, tokens, token } = await withToken();
    await tokens.update(token, disabled(token), NOW);
    const { logged } = await run(table, { sink: away, now: NOW + KEPT_SECONDS + 1 });
    expect(logged).toEqual(['notice-lost']);
    expect(await left(table)).toBe(0);
  });
});

it('a run counts what it sent and what failed, and its log names each without the account', async () => {
  const { table, tokens, token } = await withToken();
  await tokens.update(token, disabled(token), NOW);
  const counted: unknown[] = [];
  const logged: unknown[] = [];
  const note = (name: string, facts?: object) => void logged.push([name, facts]);
  const once = (send: NoticeSink['send']) =>
    sendNotices({
      ...{ outbox: outboxStore({ table }), sink: { send }, publicUrl, clock: () => LATER * 1000 },
      log: { info: note, warn: note, error: note },
      metrics: { ...NO_METRICS, count: (...args: unknown[]) => void counted.push(args) },
      remainingMs: () => 45_000,
    });
  await once(() => Promise.reject('no answer'));
  await once(async () => undefined);
  await once(async () => expect.fail('nothing is left'));
  expect(counted).toEqual([
    ['NoticesFailed', 1],
    ['NoticesSent', 1],
  ]);
  const about = {
    event: 'token.disabled',
    eventId: expect.any(String),
    target: token.id,
    accountHandle: accountHandle(token.account),
  };
  expect(logged).toEqual([
    ['notice-failed', { ...about, reason: 'no answer' }],
    ['notice-sent', about],
  ]);
});

it.each([
  ['to the second is still late only', KEPT_SECONDS, ['notice-failed'], 1],
  ['and a second is lost', KEPT_SECONDS + 1, ['notice-lost'], 0],
])('an event that no one took for three days %s', async (_, seconds, expected, kept) => {
  const { table, tokens, token } = await withToken();
  await tokens.update(token, disabled(token), NOW);
  const dueAt = Number((await itemsOf(table)).find(({ pk }) => pk === 'notices')?.dueAt);
  const sink: NoticeSink = { send: () => Promise.reject(new Error('the webhook answered 503')) };
  const { logged } = await run(table, { sink, now: dueAt + seconds });
  expect([logged, await left(table)]).toEqual([expected, kept]);
});

it('a run begins no event with less than 45 s left', async () => {
  const { table, tokens, token } = await withToken();
  await tokens.update(token, disabled(token), NOW);
  expect((await run(table, { remainingMs: () => 44_999 })).events).toEqual([]);
  expect((await run(table, { remainingMs: () => 45_000 })).events).toHaveLength(1);
});

it('a run whose time is up leaves the rest to the next', async () => {
  const { table, tokens, token } = await withToken();
  await tokens.update(token, disabled(token), NOW);
  expect((await run(table, { remainingMs: () => 1_000 })).events).toEqual([]);
  expect((await run(table)).types).toEqual(['token.disabled']);
});

describe('the end of a token', () => {
  const YEAR = 365 * DAY_SECONDS;
  const passAt = async (table: Table, now: number) => {
    const stores = memoryStores(table);
    await cleanUp(
      {
        ...{ expiry: stores.expiry, notices: { publish: async () => undefined }, metrics: NO_METRICS },
        ...{ outbox: outboxStore({ table }), graceSeconds: 3600, unusedSeconds: 60 },
        clock: () => now * 1000,
        remainingMs: () => 60_000,
      },
      { whole: true },
    );
  };

  it('is announced 30, 7 and 1 days before, once each, by a pass a day and many runs', async () => {
    const { table, token } = await withToken({ expiresAt: NOW + YEAR });
    const sent: string[] = [];
    for (let day = 300; day <= 365; day++) {
      const now = NOW + day * DAY_SECONDS + 5_000;
      await passAt(table, now);
      await passAt(table, now);
      for (let hour = 0; hour < 24; hour += 6) {
        for (const { type, time, data } of (await run(table, { now: now + hour * 3600 })).events) {
          expect(data).toMatchObject({ token: token.id, expiresAt: '2027-11-21T07:00:00Z' });
          sent.push(`${type} ${time}`);
        }
      }
    }
    expect(sent).toEqual([
      'token.expiring 2027-10-22T07:00:00Z',
      'token.expiring 2027-11-14T07:00:00Z',
      'token.expiring 2027-11-20T07:00:00Z',
    ]);
  });

  it.each([
    ['for a day', 1],
    ['for three days', 3],
  ])('is never announced of one that was made %s', async (_, days) => {
    const { table } = await withToken({ expiresAt: NOW + days * DAY_SECONDS });
    for (let hour = 0; hour < days * 24; hour += 3) {
      await passAt(table, NOW + hour * 3600);
      expect((await run(table, { now: NOW + hour * 3600 })).events).toEqual([]);
    }
  });

  it.each([
    [
      'was renewed',
      (token: TokenRecord) => patchToken(token, { expiresAt: NOW + 2 * YEAR }, { now: NOW, by: 'dev:alice' }),
    ],
    ['was disabled', disabled],
  ])('is not announced of one that %s since', async (_, change) => {
    const { table, token } = await withToken({
      createdAt: NOW - YEAR,
      expiresAt: NOW + 7 * DAY_SECONDS + 60,
    });
    await passAt(table, NOW);
    await memoryStores(table).tokens.update(token, change(token), NOW);
    expect((await run(table)).types.filter(type => type === 'token.expiring')).toEqual([]);
  });

  it('is announced again of one that was renewed', async () => {
    const { table, token } = await withToken({ createdAt: NOW - YEAR, expiresAt: NOW + DAY_SECONDS });
    await passAt(table, NOW);
    expect((await run(table)).types).toEqual(['token.expiring']);
    const renewed = patchToken(token, { expiresAt: NOW + 8 * DAY_SECONDS }, { now: NOW, by: 'dev:alice' });
    await memoryStores(table).tokens.update(token, renewed, NOW);
    await passAt(table, NOW + DAY_SECONDS);
    const { events } = await run(table, { now: NOW + DAY_SECONDS + 60 });
    expect(events).toMatchObject([{ data: { thresholdSeconds: 7 * DAY_SECONDS } }]);
  });

  it('is announced once by schedules that run at once', async () => {
    const { table, token } = await withToken({ createdAt: NOW - YEAR, expiresAt: NOW + DAY_SECONDS });
    const outbox = outboxStore({ table });
    await Promise.all(Array.from({ length: 5 }, () => scheduleExpiryNotices(outbox, [token], NOW)));
    expect((await run(table)).types).toEqual(['token.expiring']);
    await Promise.all(Array.from({ length: 5 }, () => scheduleExpiryNotices(outbox, [token], NOW)));
    expect((await run(table)).events).toEqual([]);
  });

  it('is asked for in reads of a hundred, and no write where all is known', async () => {
    const table = memoryTable();
    const found = Array.from({ length: 500 }, () =>
      aToken({ createdAt: NOW - YEAR, expiresAt: NOW + DAY_SECONDS }),
    );
    await scheduleExpiryNotices(outboxStore({ table }), found, NOW);
    const calls: string[] = [];
    const watched = watchedTable(table, async (name, step) => {
      calls.push(name);
      return step();
    });
    await scheduleExpiryNotices(outboxStore({ table: watched }), found, NOW);
    expect(calls).toEqual(Array(5).fill('table.batchGet'));
  });
});
