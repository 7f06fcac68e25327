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
    expect(entries).toMatchObject([{ at: NOW, act, subject, target, requestId: 'r' }]);
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
