/** The contract of `LoginStore`. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import { inBatches } from '../support/batches.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

/** Beyond the hour and any jitter. */
const MUCH_LATER = NOW + 2 * HOUR_SECONDS;

export function loginStoreContract(open: OpenStores): void {
  describe('a login store', () => {
    it('reads a token and the claims of the namespaces that have one', async () => {
      const { tokens, namespaces, logins } = await open();
      const record = aToken();
      const released = aClaim({ name: 'team-b', state: 'released', epoch: 3 });
      await tokens.add(record);
      await namespaces.writeClaim(undefined, aClaim());
      await namespaces.writeClaim(undefined, released);
      const address = { handle: accountHandle(ACCOUNT), id: record.id };
      const facts = await logins.read({
        token: address,
        namespaces: ['team-a', 'team-b', 'team-a', 'team-c', 'Team A', '', '../x'],
      });
      expect(facts.token?.id).toBe(record.id);
      expect([...facts.claims].sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([aClaim(), released]);
    });

    it('answers a hundred namespaces without an address', async () => {
      const { namespaces, logins } = await open();
      const names = Array.from({ length: 100 }, (_, i) => `team-${i}`);
      await inBatches(names, name => namespaces.writeClaim(undefined, aClaim({ name })));
      expect((await logins.read({ namespaces: names })).claims).toHaveLength(100);
    });

    it('finds nothing where nothing is', async () => {
      const { logins } = await open();
      const address = { handle: accountHandle(ACCOUNT), id: aToken().id };
      expect(await logins.read({ token: address, namespaces: ['team-a'] })).toEqual({
        token: undefined,
        removed: false,
        ended: false,
        claims: [],
      });
      expect(await logins.read({ namespaces: [] })).toEqual({
        token: undefined,
        removed: false,
        ended: false,
        claims: [],
      });
    });

    it('finds no token at the address of another account', async () => {
      const { tokens, logins } = await open();
      const record = aToken();
      await tokens.add(record);
      const address = { handle: accountHandle(OTHER_ACCOUNT), id: record.id };
      expect((await logins.read({ token: address, namespaces: [] })).token).toBeUndefined();
    });

    it('finds no removed token, and says that there was one, so that the log can say why', async () => {
      const { tokens, logins } = await open();
      const record = aToken();
      await tokens.add(record);
      await tokens.remove(record, NOW);
      const address = { handle: accountHandle(ACCOUNT), id: record.id };
      expect(await logins.read({ token: address, namespaces: [] })).toEqual({
        token: undefined,
        removed: true,
        ended: false,
        claims: [],
      });
    });

    it('hands out an expired record, so that the log can say why', async () => {
      const { tokens, logins } = await open();
      const record = aToken({ expiresAt: NOW - 1 });
      await tokens.add(record);
      const address = { handle: accountHandle(ACCOUNT), id: record.id };
      expect((await logins.read({ token: address, namespaces: [] })).token?.expiresAt).toBe(NOW - 1);
    });

    it('notes a use at most once an hour', async () => {
      const { tokens, logins } = await open();
      const record = aToken({ expiresAt: null });
      const lastUsedAt = async () => (await tokens.get(ACCOUNT, record.id, NOW))?.lastUsedAt;
      await tokens.add(record);
      await logins.touch(record, NOW);
      expect(await lastUsedAt()).toBe(NOW);
      await logins.touch(record, NOW + HOUR_SECONDS - 1);
      expect(await lastUsedAt()).toBe(NOW);
      await logins.touch(record, MUCH_LATER);
      expect(await lastUsedAt()).toBe(MUCH_LATER);
    });

    it('leaves a removed token removed when its use is noted', async () => {
      const { tokens, logins } = await open();
      const record = aToken({ expiresAt: null });
      await tokens.add(record);
      await tokens.remove(record, NOW);
      await logins.touch(record, NOW);
      expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
      const address = { handle: accountHandle(ACCOUNT), id: record.id };
      const facts = await logins.read({ token: address, namespaces: [] });
      expect(facts).toMatchObject({ token: undefined, removed: true });
      expect(await tokens.add(record)).toBe(false);
    });

    it('notes nothing for a token that is not there', async () => {
      const { tokens, logins } = await open();
      const record = aToken();
      await logins.touch(record, NOW);
      expect(await tokens.get(ACCOUNT, record.id, NOW)).toBeUndefined();
      expect(await tokens.add(record)).toBe(true);
    });
  });
}
