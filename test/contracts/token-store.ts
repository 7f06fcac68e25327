/** The contract of `TokenStore`. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Account, accountHandle } from '../../lib/domain/account.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import type { TokenStore } from '../../lib/ports/stores.ts';
import { inBatches } from '../support/batches.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

const RICHEST: Partial<TokenRecord> = {
  access: 'push',
  repositories: ['team-a/app', 'team-b/*'],
  description: 'für “CI” – 構築',
  disabled: { at: NOW + 5, by: 'dev:bob' },
  lastUsedAt: NOW + 4,
  previous: { hash: randomBytes(32), expiresAt: NOW + 60 },
  generation: 7,
  version: 9,
};
const POOREST: Partial<TokenRecord> = { derivation: null, expiresAt: null };

/** The fields as plain data: a `Buffer` and a `Uint8Array` with the same bytes are the same. */
export function plain(value: unknown): unknown {
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

export function tokenStoreContract(open: OpenStores): void {
  describe('a token store', () => {
    it.each([
      ['every fact', RICHEST],
      ['no optional fact', POOREST],
      ['a list of no repositories, which is not the absence of a list', { repositories: [] }],
    ])('keeps a record with %s', async (_, facts) => {
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

    it('shows no account the tokens of another', async () => {
      const { tokens } = await open();
      const record = aToken();
      await tokens.add(record);
      expect(await tokens.get(OTHER_ACCOUNT, record.id, NOW)).toBeUndefined();
      expect(await listAll(tokens, OTHER_ACCOUNT, 10)).toEqual([]);
    });

    it('takes an expired token for gone, from the second of its end', async () => {
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
      ['richer', POOREST, RICHEST],
      ['poorer', RICHEST, POOREST],
    ])('writes what an update made %s', async (_, from, to) => {
      const { tokens } = await open();
      const before = aToken({ ...from, lastUsedAt: null, version: 1 });
      const after = { ...aToken({ ...to, lastUsedAt: null, version: 2 }), id: before.id };
      await tokens.add(before);
      expect(await tokens.update(before, after, NOW)).toBe(true);
      expect(plain(await tokens.get(ACCOUNT, before.id, NOW))).toEqual(plain(after));
    });

    it('lets one of many writes over the same version through', async () => {
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

    it('loses no note of use to an update that read the record before it', async () => {
      const { tokens, logins } = await open();
      const before = aToken();
      await tokens.add(before);
      await logins.touch(before, NOW);
      expect(await tokens.update(before, { ...before, description: 'x', version: 2 }, NOW)).toBe(true);
      expect((await tokens.get(ACCOUNT, before.id, NOW))?.lastUsedAt).toBe(NOW);
    });

    it('removes for good: no write revives a token', async () => {
      const { tokens, logins } = await open();
      const record = aToken();
      await tokens.add(record);
      expect(await tokens.remove(record, NOW)).toBe(true);
      expect(await tokens.remove(record, NOW)).toBe(false);
      for (const version of [1, 2, 3]) {
        const stale = { ...record, version };
        expect(await tokens.update(stale, { ...stale, expiresAt: null, version: version + 1 }, NOW)).toBe(
          false,
        );
        expect(await tokens.remove(stale, NOW)).toBe(false);
      }
      await logins.touch(record, NOW);
      expect(await tokens.add(record)).toBe(false);
      expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
      expect(await listAll(tokens, ACCOUNT, 10)).toEqual([]);
      const address = { handle: accountHandle(ACCOUNT), id: record.id };
      expect((await logins.read({ token: address, namespaces: [] })).token).toBeUndefined();
    });

    it('remembers a removed id for as long as a request can be repeated', async () => {
      const { tokens, expiry } = await open();
      const record = aToken({ expiresAt: NOW + 60 });
      await tokens.add(record);
      await tokens.remove(record, NOW);
      const expiredBefore = async (cutoff: number) =>
        (await expiry.page({ cutoff, candidatesUntil: undefined }, undefined)).expired;
      expect(await expiredBefore(NOW + DAY_SECONDS)).toEqual([]);
      expect(await expiredBefore(NOW + DAY_SECONDS + 1)).toHaveLength(1);
    });

    it('does not both update and remove', async () => {
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

    it.each([1, 3, 10, 200])('lists all, newest first, in pages of %d', async limit => {
      const { tokens } = await open();
      const records = Array.from({ length: 30 }, (_, i) =>
        aToken({ createdAt: NOW - i, expiresAt: i % 3 === 0 ? NOW : NOW + i }),
      );
      await inBatches(records, record => tokens.add(record));
      await Promise.all(records.filter((_, i) => i % 5 === 1).map(record => tokens.remove(record, NOW - 1)));
      const living = records.filter((_, i) => i % 3 !== 0 && i % 5 !== 1).map(({ id }) => id);
      expect(await listAll(tokens, ACCOUNT, limit)).toEqual(living);
    });
  });
}
