/** Revoked credentials and used nonces, until their entries are cleaned up. */
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { losingAnswer, recordedTable, unreachableTable } from '../support/faulty-table.ts';
import { ACCOUNT, aClaim, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const HANDLE = accountHandle(ACCOUNT);
const JTI = 'AAECAwQFBgcICQoLDA0ODw';
const CREDENTIAL = { handle: HANDLE, jti: JTI };

describe('a revoked credential', () => {
  it('is reported by the next read of it, also when it was revoked twice', async () => {
    const { revokedCredentials, logins } = await open();
    const read = async () => (await logins.read({ credential: CREDENTIAL, namespaces: [] })).revoked;
    expect(await read()).toBe(false);
    await revokedCredentials.revoke(CREDENTIAL, NOW + 60);
    await revokedCredentials.revoke(CREDENTIAL, NOW + 60);
    expect(await read()).toBe(true);
  });

  it('is reported together with its token and the namespaces, by one read', async () => {
    const { revokedCredentials, tokens, namespaces, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    await namespaces.writeClaim(undefined, aClaim());
    const question = { token: { handle: HANDLE, id: record.id }, credential: CREDENTIAL };
    const namespace = ['team-a'];
    for (const isRevoked of [false, true]) {
      const facts = await logins.read({ ...question, namespaces: namespace });
      expect(facts).toMatchObject({ token: { id: record.id }, removed: false, revoked: isRevoked });
      expect(facts.claims).toEqual([aClaim()]);
      await revokedCredentials.revoke(CREDENTIAL, NOW + 60);
    }
  });

  it('revokes neither its token, nor another credential, nor one of the same name in another account', async () => {
    const { revokedCredentials, tokens, logins } = await open();
    const record = aToken();
    await tokens.add(record);
    await revokedCredentials.revoke(CREDENTIAL, NOW + 60);
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
      revoked: false,
    });
    expect((await logins.read({ token: { handle: HANDLE, id: JTI }, namespaces: [] })).removed).toBe(false);
  });

  it('stays revoked until its entry is cleaned up, after the credential has expired', async () => {
    const { revokedCredentials, logins, expiry } = await open();
    await revokedCredentials.revoke(CREDENTIAL, NOW + 60);
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

describe('a nonce store', () => {
  it('consumes a nonce once', async () => {
    const { nonces } = await open();
    expect(await nonces.consume('mark', NOW + 300)).toBe(true);
    expect(await nonces.consume('mark', NOW + 300)).toBe(false);
    expect(await nonces.consume('mark', NOW + 600)).toBe(false);
  });

  it('lets one of many uses at once succeed', async () => {
    const { nonces } = await open();
    const uses = await Promise.all(Array.from({ length: 30 }, () => nonces.consume('mark', NOW + 300)));
    expect(uses.filter(Boolean)).toHaveLength(1);
  });

  it('tells nonces apart byte for byte', async () => {
    const { nonces } = await open();
    expect(await nonces.consume('mark', NOW + 300)).toBe(true);
    expect(await nonces.consume('mark ', NOW + 300)).toBe(true);
    expect(await nonces.consume('Mark', NOW + 300)).toBe(true);
  });

  it('refuses a used nonce as long as its item exists, also after it expired', async () => {
    const { nonces } = await open();
    await nonces.consume('mark', NOW - 1);
    expect(await nonces.consume('mark', NOW + 300)).toBe(false);
  });
});

describe('a revoked credential in the table', () => {
  const key = { pk: `account#${HANDLE}`, sk: `revoked#${JTI}` };

  it('is its name, its expiry and the id of its write in the partition of its account', async () => {
    const table = await openTable();
    await storesOn(table).revokedCredentials.revoke(CREDENTIAL, NOW + 60);
    expect(await table.get(key)).toEqual({ ...key, expiresAt: NOW + 60, write1: expect.any(String) });
  });

  it('is read with its token and eight namespaces by one call', async () => {
    const recorded = recordedTable(await openTable());
    const namespaces = Array.from({ length: 8 }, (_, i) => `team-${i}`);
    const token = { handle: HANDLE, id: aToken().id };
    await storesOn(recorded.table).logins.read({ token, credential: CREDENTIAL, namespaces });
    expect(recorded.calls).toMatchObject([{ method: 'batchGet' }]);
    expect(recorded.calls[0]?.args[0]).toHaveLength(10);
  });

  it('is revoked although the answer was lost', async () => {
    const table = await openTable();
    await storesOn(losingAnswer(table, 'put')).revokedCredentials.revoke(CREDENTIAL, NOW + 60);
    const read = await storesOn(table).logins.read({ credential: CREDENTIAL, namespaces: [] });
    expect(read.revoked).toBe(true);
  });
});

describe('a used nonce in the table', () => {
  it('is the nonce and its expiry, and nothing else of the proof', async () => {
    const table = await openTable();
    await storesOn(table).nonces.consume('mark', NOW + 300);
    const key = { pk: 'proof#mark', sk: 'used' };
    expect(await table.get(key)).toEqual({ ...key, expiresAt: NOW + 300, write1: expect.any(String) });
  });

  it('is accepted once although the answer was lost', async () => {
    const table = await openTable();
    expect(await storesOn(losingAnswer(table, 'insert')).nonces.consume('mark', NOW + 300)).toBe(true);
    expect(await storesOn(losingAnswer(table, 'insert')).nonces.consume('mark', NOW + 300)).toBe(false);
  });
});

it('neither revokes nor accepts anything while the table does not answer', async () => {
  const { revokedCredentials, nonces } = storesOn(unreachableTable(await openTable()));
  await expect(revokedCredentials.revoke(CREDENTIAL, NOW + 60)).rejects.toMatchObject({
    code: 'unavailable',
  });
  await expect(nonces.consume('mark', NOW + 300)).rejects.toMatchObject({ code: 'unavailable' });
});
