/** How records of acts are read: backwards within their partition, for their account alone, each page by one query. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { AuditRange } from '../../lib/ports/audit.ts';
import { auditReader, auditStore } from '../../lib/store/audit-store.ts';
import { rejectionOf } from '../support/errors.ts';
import { ACCOUNT, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { memoryTable } from '../support/stores.ts';

const HANDLE = accountHandle(ACCOUNT);
const PK = `account#${HANDLE}`;
const RANGE: AuditRange = { limit: 100, now: NOW };

/** An entry as every version has written it. */
const item = (time: string, facts: object = {}) => ({
  ...{
    pk: PK,
    sk: `audit#${time}#0123456789abcdef`,
    act: 'add-token',
    account: ACCOUNT,
    subject: 'dev:alice',
  },
  ...{ target: 't', requestId: 'r', sourceAddress: '192.0.2.1', expiresAt: NOW + 1 },
  ...facts,
});

async function listed(items: readonly ReturnType<typeof item>[], range: Partial<AuditRange> = {}) {
  const table = memoryTable();
  for (const each of items) await table.put(each);
  return auditReader({ table }).list(ACCOUNT, { ...RANGE, ...range });
}

describe('the entries of an account', () => {
  it('are listed newest first, with the next place to go on', async () => {
    const times = ['2026-11-20T00:00:00.000Z', '2026-11-21T00:00:00.001Z', '2026-11-21T00:00:00.002Z'];
    const { entries, next } = await listed(
      times.map(time => item(time)),
      { limit: 2 },
    );
    expect(entries.map(({ position }) => position.slice(0, 24))).toEqual([times[2], times[1]]);
    expect(next).toBe(entries[1]?.position);
    expect(entries[0]).toMatchObject({ at: Date.parse('2026-11-21T00:00:00Z') / 1000, uniqueId: null });
  });

  it('are those that were written, and read as they were', async () => {
    const table = memoryTable();
    const audit = auditStore({ table, randomBytes: count => Buffer.alloc(count, 7), retentionSeconds: 60 });
    const event = { act: 'end-credential', handle: HANDLE, subject: 'credential:j', target: 'j' } as const;
    await audit.record({ ...event, requestId: 'r', sourceAddress: '192.0.2.1' }, NOW * 1000);
    const { entries } = await auditReader({ table }).list(ACCOUNT, RANGE);
    const { act, subject, target } = event;
    const sourceAddress = '192.0.2.1';
    const [entry] = entries;
    expect(entry).toMatchObject({
      at: NOW,
      act,
      subject,
      target,
      requestId: 'r',
      sourceAddress,
      group: null,
    });
    expect(entry?.position).toBe('2026-11-21T07:00:00.000Z#0707070707070707');
  });

  it('say under which id and by which group someone was an administrator', async () => {
    const facts = { uniqueId: 'u', group: 'dev:admins' };
    const { entries } = await listed([item('2026-11-21T00:00:00.000Z', facts)]);
    expect(entries).toMatchObject([facts]);
  });

  it('are those that are not past their time, at which they may still wait to be deleted', async () => {
    const items = [-1, 0, 1].map(more =>
      item(`2026-11-21T00:00:0${more + 1}.000Z`, { expiresAt: NOW + more }),
    );
    const { entries } = await listed(items);
    expect(entries.map(({ position }) => position.slice(17, 19))).toEqual(['02']);
  });

  const AT = '2026-11-20T12:00:00.500Z';
  const atMs = Date.parse(AT);
  it.each<[what: string, range: Partial<AuditRange>, found: string]>([
    ['until a moment, which is included', { untilMs: atMs }, 'd c b a'],
    ['until the moment before', { untilMs: atMs - 1 }, 'a'],
    ['since a moment, which is included', { sinceMs: atMs }, 'e d c b'],
    ['since the moment after', { sinceMs: atMs + 1 }, 'e'],
    ['behind a position', { after: `${AT}#c` }, 'b a'],
    ['behind a position later than their end', { after: '2026-12', untilMs: atMs }, 'd c b a'],
    ['behind a position earlier than their end', { after: `${AT}#d`, untilMs: atMs }, 'c b a'],
    ['of an act', { act: 'remove-token' }, 'c'],
    ['of a target', { target: 'other' }, 'd'],
    ['of one who acted', { subjects: ['dev:bob'] }, 'b'],
    ['of one of several who acted', { subjects: ['dev:bob', 'dev:carol'] }, 'd b'],
    ['of no one in particular', { subjects: [] }, 'e d c b a'],
    ['of an act on a target', { act: 'add-token', target: 'other' }, 'd'],
    ['of an act by someone', { act: 'remove-token', subjects: ['dev:bob'] }, ''],
  ])('are listed %s', async (_, range, found) => {
    const at = (time: string, id: string, facts: object = {}) =>
      item(time, { sk: `audit#${time}#${id}`, ...facts });
    const items = [
      at('2026-11-20T11:59:59.999Z', 'a'),
      at(AT, 'b', { subject: 'dev:bob' }),
      at(AT, 'c', { act: 'remove-token' }),
      at(AT, 'd', { target: 'other', subject: 'dev:carol' }),
      at('2026-11-20T12:00:00.501Z', 'e'),
    ];
    const { entries } = await listed(items, range);
    expect(entries.map(({ position }) => position.slice(-1)).join(' ')).toBe(found);
  });

  it('go on at a place that is not older than what is wanted', async () => {
    const items = ['2026-11-20', '2026-11-21'].map(day => item(`${day}T00:00:00.000Z`));
    const since = (sinceMs: number) => listed(items, { sinceMs, limit: 1 });
    const { next } = await since(Date.parse('2026-11-21T00:00:00.000Z'));
    expect(next).toBe('2026-11-21T00:00:00.000Z#0123456789abcdef');
    expect((await since(Date.parse('2026-11-21T00:00:00.001Z'))).next).toBeUndefined();
  });

  it('are refused where one has no time', async () => {
    const error = await rejectionOf(listed([item('yesterday')]));
    expect([error.code, error.details.reason]).toEqual([
      'internal',
      expect.stringContaining(': sk is malformed'),
    ]);
  });

  it('do not hold those of another account, whose handle would have to be the same', async () => {
    const { entries } = await listed([item('2026-11-21T00:00:00.000Z', { account: OTHER_ACCOUNT })]);
    expect(entries).toEqual([]);
  });

  it('hold acts that this version does not know', async () => {
    const { entries } = await listed([item('2026-11-21T00:00:00.000Z', { act: 'of-tomorrow' })]);
    expect(entries.map(({ act }) => act)).toEqual(['of-tomorrow']);
  });

  it('end at the first that is too old, and no page follows', async () => {
    const items = ['2026-11-19', '2026-11-20', '2026-11-21'].map(day => item(`${day}T00:00:00.000Z`));
    const sinceMs = Date.parse('2026-11-20T12:00:00Z');
    const { entries, next } = await listed(items, { sinceMs, limit: 2 });
    expect([entries.length, next]).toEqual([1, undefined]);
  });

  it('are refused as a whole with one that is malformed: it could hide what was done', async () => {
    for (const facts of [{ act: 1 }, { expiresAt: 'soon' }, { account: 'x' }, { subject: null }]) {
      const error = await rejectionOf(listed([item('2026-11-21T00:00:00.000Z', facts)]));
      expect(error.code).toBe('internal');
    }
  });
});
