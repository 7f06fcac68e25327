/** The contract of `ExpiryStore`, and of `AuditStore`, whose records nobody reads but the cleanup. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import type { Candidate } from '../../lib/domain/hygiene.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { ExpiredRecord, ExpiryStore, PageBounds } from '../../lib/ports/cleanup.ts';
import type { AuditEvent } from '../../lib/ports/stores.ts';
import { inBatches } from '../support/batches.ts';
import {
  ACCOUNT,
  aClaim,
  aPolicy,
  aRequest,
  aToken,
  aTrust,
  NOW,
  OTHER_ACCOUNT,
} from '../support/records.ts';
import type { OpenStores } from './stores.ts';

/** How long the audit records of the stores under test live. */
export const AUDIT_RETENTION_SECONDS = 90 * DAY_SECONDS;

const CHECKPOINT = { cursor: undefined, report: undefined, reportedAt: undefined };

const EVENT: AuditEvent = {
  act: 'token-value-retrieved',
  handle: accountHandle(ACCOUNT),
  account: ACCOUNT,
  subject: 'dev:alice',
  target: 'x',
  requestId: 'r',
  sourceAddress: '192.0.2.1',
};

async function goThrough(expiry: ExpiryStore, bounds: PageBounds) {
  const expired: ExpiredRecord[] = [];
  const sighted: Candidate[] = [];
  let cursor: string | undefined;
  do {
    const page = await expiry.page(bounds, cursor);
    expired.push(...page.expired);
    sighted.push(...page.candidates);
    cursor = page.next;
  } while (cursor !== undefined);
  return { expired, sighted };
}

async function findAll(expiry: ExpiryStore, cutoff: number): Promise<ExpiredRecord[]> {
  const { expired, sighted } = await goThrough(expiry, { cutoff, candidatesUntil: undefined });
  expect(sighted).toEqual([]);
  return expired;
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
      await proofs.consume('mark', NOW + 300);
      await policies.add(aPolicy());
      await trusts.add(aTrust());
      await expiry.saveCheckpoint({ ...CHECKPOINT, cursor: 'somewhere' });
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

    it('sights released claims, and tokens that end until then or never, as they are', async () => {
      const { tokens, namespaces, logins, requests, proofs, policies, trusts, expiry } = await open();
      const removed = aToken({ expiresAt: null });
      const ending = [aToken({ expiresAt: NOW }), aToken({ expiresAt: NOW + 60 })];
      const used = aToken({ expiresAt: null });
      const idle = aToken({ expiresAt: null, createdAt: NOW - 9 });
      const others = [aToken({ expiresAt: NOW + 61 }), aToken({ expiresAt: NOW - 1 }), removed];
      for (const record of [...ending, used, idle, ...others]) await tokens.add(record);
      await logins.touch(used, NOW);
      await tokens.remove(removed, NOW);
      const held = aClaim({ name: 'held' });
      const released = aClaim({ name: 'released', account: OTHER_ACCOUNT, state: 'released' });
      for (const claim of [held, released]) {
        await namespaces.writeClaim(undefined, claim);
        await namespaces.index(claim);
      }
      await requests.begin(ACCOUNT, aRequest(), NOW);
      await proofs.consume('mark', NOW + 30);
      await policies.add(aPolicy());
      await trusts.add(aTrust());
      const { expired, sighted } = await goThrough(expiry, { cutoff: NOW, candidatesUntil: NOW + 60 });
      expect(expired).toHaveLength(1);
      const facts = sighted.map(sighting => {
        const { account } = sighting;
        if (sighting.kind === 'claim') return `${account} ${sighting.name} ${sighting.state}`;
        return `${account} ${sighting.id} ${sighting.createdAt} ${sighting.lastUsedAt} ${sighting.expiresAt}`;
      });
      expect(facts).toHaveLength(5);
      expect(new Set(facts)).toEqual(
        new Set([
          ...ending.map(({ id, expiresAt }) => `${ACCOUNT} ${id} ${NOW} null ${expiresAt}`),
          `${ACCOUNT} ${used.id} ${NOW} ${NOW} null`,
          `${ACCOUNT} ${idle.id} ${NOW - 9} null null`,
          `${OTHER_ACCOUNT} released released`,
        ]),
      );
    });

    it('remembers all of a checkpoint, and nothing of the one before', async () => {
      const { expiry } = await open();
      expect(await expiry.checkpoint()).toEqual(CHECKPOINT);
      const finding = { count: 2, examples: ['a', 'b'] };
      const accounts = [
        { account: ACCOUNT, releasedNamespaces: finding, unusedTokens: finding, expiringTokens: finding },
      ];
      const totals = { releasedNamespaces: 2, unusedTokens: 2, expiringTokens: 2 };
      const stopped = { cursor: 'here', report: { at: NOW, accounts, totals }, reportedAt: NOW - 1 };
      await expiry.saveCheckpoint(stopped);
      expect(await expiry.checkpoint()).toEqual(stopped);
      const ended = { ...CHECKPOINT, reportedAt: NOW };
      await expiry.saveCheckpoint(ended);
      await expiry.saveCheckpoint(ended);
      expect(await expiry.checkpoint()).toEqual(ended);
    });
  });
}
