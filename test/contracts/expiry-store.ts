/** The contract of `ExpiryStore`, and of `AuditStore`, whose records nobody reads but the cleanup. */
import { describe, expect, it } from 'vitest';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { AuditEvent, ExpiredRecord, ExpiryStore } from '../../lib/ports.ts';
import { inBatches } from '../support/batches.ts';
import { ACCOUNT, aClaim, aPolicy, aRequest, aToken, aTrust, NOW } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

/** How long the audit records of the stores under test live. */
export const AUDIT_RETENTION_SECONDS = 90 * DAY_SECONDS;

const EVENT: AuditEvent = {
  act: 'token-value-retrieved',
  account: ACCOUNT,
  subject: 'dev:alice',
  target: 'x',
  requestId: 'r',
  sourceAddress: '192.0.2.1',
};

async function findAll(expiry: ExpiryStore, cutoff: number): Promise<ExpiredRecord[]> {
  const records: ExpiredRecord[] = [];
  let cursor: string | undefined;
  do {
    const page = await expiry.expired(cutoff, cursor);
    records.push(...page.records);
    cursor = page.next;
  } while (cursor !== undefined);
  return records;
}

async function clean(expiry: ExpiryStore, cutoff: number): Promise<number> {
  const found = await findAll(expiry, cutoff);
  const removed = await Promise.all(found.map(record => expiry.removeExpired(record, cutoff)));
  return removed.filter(Boolean).length;
}

export function expiryStoreContract(open: OpenStores): void {
  describe('an expiry store', () => {
    it('finds every kind of record that has ended, and no other', async () => {
      const { tokens, namespaces, requests, audits, proofs, policies, trusts, expiry } = await open();
      const removed = aToken();
      await tokens.add(aToken({ expiresAt: NOW }));
      await tokens.add(removed);
      await tokens.remove(removed, NOW);
      await tokens.add(aToken({ expiresAt: null }));
      await namespaces.writeClaim(undefined, aClaim());
      await namespaces.index(aClaim());
      await requests.begin(ACCOUNT, aRequest(), NOW);
      await audits.record(EVENT, NOW * 1000);
      await audits.record(EVENT, NOW * 1000);
      await proofs.spend('mark', NOW + 300);
      await policies.add(aPolicy());
      await trusts.add(aTrust());
      await expiry.saveCheckpoint('somewhere');
      const counts = [NOW, NOW + 1, NOW + DAY_SECONDS + 1, NOW + AUDIT_RETENTION_SECONDS];
      const found = await Promise.all(counts.map(async cutoff => (await findAll(expiry, cutoff)).length));
      expect(found).toEqual([0, 1, 4, 4]);
      expect(await findAll(expiry, NOW + AUDIT_RETENTION_SECONDS + 1)).toHaveLength(6);
    });

    it('misses nothing over many pages', async () => {
      const { tokens, expiry } = await open();
      const records = Array.from({ length: 1100 }, (_, i) =>
        aToken({ expiresAt: i % 2 === 0 ? NOW - 1 : null }),
      );
      await inBatches(records, record => tokens.add(record));
      expect(new Set((await findAll(expiry, NOW)).map(({ sk }) => sk)).size).toBe(550);
    });

    it('deletes what has expired, and nothing that was renewed since it was found', async () => {
      const { tokens, expiry } = await open();
      const renewed = aToken({ expiresAt: NOW - 10 });
      await tokens.add(renewed);
      await tokens.add(aToken({ expiresAt: NOW - 10 }));
      const found = await findAll(expiry, NOW);
      expect(found).toHaveLength(2);
      const after = { ...renewed, expiresAt: NOW + DAY_SECONDS, version: 2 };
      expect(await tokens.update(renewed, after, NOW - 11)).toBe(true);
      const removed = await Promise.all(found.map(record => expiry.removeExpired(record, NOW)));
      expect(removed.filter(Boolean)).toHaveLength(1);
      expect((await tokens.get(ACCOUNT, renewed.id, NOW))?.version).toBe(2);
    });

    it('deletes nothing that has no end', async () => {
      const { tokens, expiry } = await open();
      const record = aToken({ expiresAt: NOW - 10 });
      await tokens.add(record);
      const [found] = await findAll(expiry, NOW);
      await tokens.update(record, { ...record, expiresAt: null, version: 2 }, NOW - 11);
      expect(found && (await expiry.removeExpired(found, NOW))).toBe(false);
      expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeDefined();
    });

    it('can run many times at once, and counts each deletion once', async () => {
      const { tokens, expiry } = await open();
      const records = Array.from({ length: 40 }, () => aToken({ expiresAt: NOW - 1 }));
      await Promise.all(records.map(record => tokens.add(record)));
      const counts = await Promise.all([clean(expiry, NOW), clean(expiry, NOW), clean(expiry, NOW)]);
      expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
      expect(await findAll(expiry, NOW)).toEqual([]);
    });

    it('remembers where a run stopped, until one comes to the end', async () => {
      const { expiry } = await open();
      expect(await expiry.checkpoint()).toBeUndefined();
      await expiry.saveCheckpoint('here');
      await expiry.saveCheckpoint('there');
      expect(await expiry.checkpoint()).toBe('there');
      await expiry.saveCheckpoint(undefined);
      await expiry.saveCheckpoint(undefined);
      expect(await expiry.checkpoint()).toBeUndefined();
    });
  });
}
