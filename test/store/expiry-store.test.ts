/** The pages of the cleanup: expired records found, renewed ones left alone, checkpoints. */
import { describe, expect, it } from 'vitest';
import type { Candidate } from '../../lib/domain/hygiene.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { AuditEvent } from '../../lib/ports/audit.ts';
import type { ExpiryStore, PageBounds } from '../../lib/ports/stores.ts';
import type { Key } from '../../lib/ports/table.ts';
import { inBatches } from '../support/batches.ts';
import {
  ACCOUNT,
  aClaim,
  aPolicy,
  aRequest,
  aToken,
  aTrust,
  aUse,
  NOW,
  OTHER_ACCOUNT,
} from '../support/records.ts';
import { AUDIT_RETENTION_SECONDS, itemsOf, storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const CHECKPOINT = { cursor: undefined, report: undefined, reportedAt: undefined };

const EVENT: AuditEvent = {
  act: 'retrieve-value',
  handle: accountHandle(ACCOUNT),
  account: ACCOUNT,
  subject: 'dev:alice',
  target: 'x',
  requestId: 'r',
  sourceAddress: '192.0.2.1',
};

async function readAll(expiry: ExpiryStore, bounds: PageBounds) {
  const expired: Key[] = [];
  const candidates: Candidate[] = [];
  let cursor: string | undefined;
  do {
    const page = await expiry.page(bounds, cursor);
    expired.push(...page.expired);
    candidates.push(...page.candidates);
    cursor = page.next;
  } while (cursor !== undefined);
  return { expired, candidates };
}

async function findAll(expiry: ExpiryStore, cutoff: number): Promise<Key[]> {
  const { expired, candidates } = await readAll(expiry, { cutoff, candidatesUntil: undefined });
  expect(candidates).toEqual([]);
  return expired;
}

async function clean(expiry: ExpiryStore, cutoff: number): Promise<number> {
  const found = await findAll(expiry, cutoff);
  const removed = await Promise.all(found.map(record => expiry.removeExpired(record, cutoff)));
  return removed.filter(Boolean).length;
}

describe('an expiry store', () => {
  it('finds every kind of expired record, and no other', async () => {
    const { tokens, namespaces, requests, audits, nonces, policies, trusts, expiry } = await open();
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
    await nonces.consume('mark', NOW + 300);
    await policies.add(aPolicy());
    await trusts.add(aTrust());
    await expiry.saveCheckpoint({ ...CHECKPOINT, cursor: 'somewhere' });
    const days = [1, 2].map(count => NOW + count * DAY_SECONDS + 1);
    const counts = [NOW, NOW + 1, ...days, NOW + AUDIT_RETENTION_SECONDS];
    const found = await Promise.all(counts.map(async cutoff => (await findAll(expiry, cutoff)).length));
    expect(found).toEqual([0, 1, 3, 4, 4]);
    expect(await findAll(expiry, NOW + AUDIT_RETENTION_SECONDS + 1)).toHaveLength(6);
  });

  it('finds all expired records over many pages', async () => {
    const { tokens, expiry } = await open();
    const records = Array.from({ length: 1100 }, (_, i) =>
      aToken({ expiresAt: i % 2 === 0 ? NOW - 1 : null }),
    );
    await inBatches(records, record => tokens.add(record));
    expect(new Set((await findAll(expiry, NOW)).map(({ sk }) => sk)).size).toBe(550);
  });

  it('deletes an expired record, but not one that was renewed since it was found', async () => {
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

  it('does not delete a record that no longer expires', async () => {
    const { tokens, expiry } = await open();
    const record = aToken({ expiresAt: NOW - 10 });
    await tokens.add(record);
    const [found] = await findAll(expiry, NOW);
    await tokens.update(record, { ...record, expiresAt: null, version: 2 }, NOW - 11);
    expect(found && (await expiry.removeExpired(found, NOW))).toBe(false);
    expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeDefined();
  });

  it('counts each deletion once when several cleanups run at once', async () => {
    const { tokens, expiry } = await open();
    const records = Array.from({ length: 40 }, () => aToken({ expiresAt: NOW - 1 }));
    await Promise.all(records.map(record => tokens.add(record)));
    const counts = await Promise.all([clean(expiry, NOW), clean(expiry, NOW), clean(expiry, NOW)]);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(40);
    expect(await findAll(expiry, NOW)).toEqual([]);
  });

  it('lists released claims, and tokens that expire until then or never', async () => {
    const { tokens, namespaces, logins, requests, nonces, policies, trusts, expiry } = await open();
    const removed = aToken({ expiresAt: null });
    const ending = [aToken({ expiresAt: NOW }), aToken({ expiresAt: NOW + 60 })];
    const used = aToken({ expiresAt: null });
    const idle = aToken({ expiresAt: null, createdAt: NOW - 9 });
    const others = [aToken({ expiresAt: NOW + 61 }), aToken({ expiresAt: NOW - 1 }), removed];
    for (const record of [...ending, used, idle, ...others]) await tokens.add(record);
    await logins.touch(used, 1, aUse({ at: NOW }));
    await tokens.remove(removed, NOW);
    const held = aClaim({ name: 'held' });
    const released = aClaim({ name: 'released', account: OTHER_ACCOUNT, state: 'released' });
    for (const claim of [held, released]) {
      await namespaces.writeClaim(undefined, claim);
      await namespaces.index(claim);
    }
    await requests.begin(ACCOUNT, aRequest(), NOW);
    await nonces.consume('mark', NOW + 30);
    await policies.add(aPolicy());
    await trusts.add(aTrust());
    const { expired, candidates } = await readAll(expiry, { cutoff: NOW, candidatesUntil: NOW + 60 });
    expect(expired).toHaveLength(1);
    const facts = candidates.map(candidate => {
      const { account } = candidate;
      if (candidate.kind === 'claim') return `${account} ${candidate.name} ${candidate.state}`;
      return `${account} ${candidate.id} ${candidate.createdAt} ${candidate.lastUsedAt} ${candidate.expiresAt}`;
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

  it('replaces a checkpoint as a whole', async () => {
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

it('a malformed item does not stop the cleanup of the others', async () => {
  const table = await openTable();
  const { tokens, expiry } = storesOn(table);
  await tokens.add(aToken({ expiresAt: NOW - 1 }));
  await tokens.add(aToken({ expiresAt: null }));
  await table.put({ pk: 'account#x', sk: 'token#x', hash: 'no bytes' });
  const page = await expiry.page({ cutoff: NOW, candidatesUntil: NOW }, undefined);
  expect([page.expired.length, page.candidates.length]).toEqual([1, 1]);
});

describe('an audit store', () => {
  it('stores who did what to which, when and from where, each event in an item of its own', async () => {
    const table = await openTable();
    const { audits } = storesOn(table);
    await audits.record(EVENT, NOW * 1000 + 7);
    await audits.record(EVENT, NOW * 1000 + 7);
    const items = await itemsOf(table);
    expect(items).toHaveLength(2);
    const { handle: _, ...facts } = EVENT;
    expect(items[0]).toEqual({
      ...facts,
      pk: `account#${accountHandle(ACCOUNT)}`,
      sk: expect.stringMatching(/^audit#2026-11-21T07:00:00\.007Z#[0-9a-f]{16}$/),
      expiresAt: NOW + AUDIT_RETENTION_SECONDS,
    });
  });

  it('stores an event of an account of which only the handle is known', async () => {
    const table = await openTable();
    const { account: _, ...event } = EVENT;
    await storesOn(table).audits.record(event, NOW * 1000);
    const [item] = await itemsOf(table);
    expect(item?.pk).toBe(`account#${accountHandle(ACCOUNT)}`);
    expect(item).not.toHaveProperty('account');
  });

  it('stores the id that the issuer never gives to another subject', async () => {
    const table = await openTable();
    await storesOn(table).audits.record({ ...EVENT, uniqueId: 'AROAEXAMPLE' }, NOW * 1000);
    expect(await itemsOf(table)).toMatchObject([{ uniqueId: 'AROAEXAMPLE' }]);
  });
});
