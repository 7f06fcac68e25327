/** The contract of `EndedCredentialStore`, whose notes nobody reads but a login. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

const HANDLE = accountHandle(ACCOUNT);
const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const CREDENTIAL = { handle: HANDLE, jti: JTI };

export function endedStoreContract(open: OpenStores): void {
  describe('an ended credential', () => {
    it('is told by the next read that asks for it, also a second time', async () => {
      const { ended, logins } = await open();
      const read = async () => (await logins.read({ credential: CREDENTIAL, namespaces: [] })).revoked;
      expect(await read()).toBe(false);
      await ended.revoke(CREDENTIAL, NOW + 60);
      await ended.revoke(CREDENTIAL, NOW + 60);
      expect(await read()).toBe(true);
    });

    it('is told along with its token and the namespaces, in one read', async () => {
      const { ended, tokens, namespaces, logins } = await open();
      const record = aToken();
      await tokens.add(record);
      await namespaces.writeClaim(undefined, aClaim());
      const question = { token: { handle: HANDLE, id: record.id }, credential: CREDENTIAL };
      const namespace = ['team-a'];
      for (const isEnded of [false, true]) {
        const facts = await logins.read({ ...question, namespaces: namespace });
        expect(facts).toMatchObject({ token: { id: record.id }, removed: false, ended: isEnded });
        expect(facts.claims).toEqual([aClaim()]);
        await ended.revoke(CREDENTIAL, NOW + 60);
      }
    });

    it('ends no other: neither its token, nor a sister, nor a namesake of another account', async () => {
      const { ended, tokens, logins } = await open();
      const record = aToken();
      await tokens.add(record);
      await ended.revoke(CREDENTIAL, NOW + 60);
      const others = [
        { handle: HANDLE, jti: JTI.toLowerCase() },
        { handle: HANDLE, jti: record.id },
        { handle: accountHandle(OTHER_ACCOUNT), jti: JTI },
      ];
      for (const credential of others) {
        expect((await logins.read({ credential, namespaces: [] })).revoked).toBe(false);
      }
      const token = { handle: HANDLE, id: record.id };
      expect(await logins.read({ token, namespaces: [] })).toMatchObject({
        token: { id: record.id },
        ended: false,
      });
      expect((await logins.read({ token: { handle: HANDLE, id: JTI }, namespaces: [] })).removed).toBe(false);
    });

    it('stays ended, and its note goes once it would have ended by itself', async () => {
      const { ended, logins, expiry } = await open();
      await ended.revoke(CREDENTIAL, NOW + 60);
      const expiredAt = async (cutoff: number) =>
        (await expiry.page({ cutoff, candidatesUntil: undefined }, undefined)).expired;
      expect(await expiredAt(NOW + 60)).toEqual([]);
      const records = await expiredAt(NOW + 61);
      expect(records).toHaveLength(1);
      expect((await logins.read({ credential: CREDENTIAL, namespaces: [] })).revoked).toBe(true);
      const removed = await Promise.all(records.map(record => expiry.removeExpired(record, NOW + 61)));
      expect(removed).toEqual([true]);
      expect((await logins.read({ credential: CREDENTIAL, namespaces: [] })).revoked).toBe(false);
    });
  });
}
