/** The rules of accounts in the table: written over what was read alone, and of their own account alone. */
import { describe, expect, it } from 'vitest';
import { WIDEST } from '../../lib/domain/account-rules.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { losingAnswer } from '../support/faulty-table.ts';
import { ACCOUNT, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();
const KEY = { pk: `account#${accountHandle(ACCOUNT)}`, sk: 'rules' };
const STRICT = {
  maxExpiresInSeconds: 600,
  nonExpiring: 'forbidden',
  maxCredentialSeconds: 60,
  retrievable: false,
  requireOwner: true,
  requireNetworks: true,
} as const;
const first = { account: ACCOUNT, rules: STRICT, version: 1 };
const second = { account: ACCOUNT, rules: WIDEST, version: 2 };

describe('a store of rules', () => {
  it('has none of an account that set none', async () => {
    const { accountRules, logins } = await open();
    expect(await accountRules.get(ACCOUNT)).toBeUndefined();
    const { rules } = await logins.read({ rules: accountHandle(ACCOUNT), namespaces: [] });
    expect(rules).toBeNull();
  });

  it('has them as they were written, for a login too', async () => {
    const { accountRules, logins } = await open();
    expect(await accountRules.write(undefined, first)).toBe(true);
    expect(await accountRules.get(ACCOUNT)).toEqual(first);
    expect(await accountRules.get(OTHER_ACCOUNT)).toBeUndefined();
    const read = await logins.read({ rules: accountHandle(ACCOUNT), namespaces: [] });
    expect(read.rules).toEqual(first);
    expect(await logins.read({ namespaces: [] })).not.toHaveProperty('rules');
  });

  it('replaces what was read, and nothing else', async () => {
    const { accountRules } = await open();
    await accountRules.write(undefined, first);
    expect(await accountRules.write(undefined, second)).toBe(false);
    expect(await accountRules.write(first, second)).toBe(true);
    expect(await accountRules.write(first, { ...second, rules: STRICT })).toBe(false);
    expect(await accountRules.get(ACCOUNT)).toEqual(second);
  });

  it('recognises its own write whose answer was lost', async () => {
    const table = await openTable();
    const { accountRules } = storesOn(losingAnswer(table, 'put'));
    expect(await accountRules.write(undefined, first)).toBe(true);
  });

  it.each([
    ['maxExpiresInSeconds', 'many'],
    ['nonExpiring', 'perhaps'],
    ['retrievable', 'true'],
    ['requireOwner', 1],
    ['version', null],
  ])('refuses an item whose %s is %s, since it could forbid something', async (name, value) => {
    const table = await openTable();
    const { accountRules, logins } = storesOn(table);
    await accountRules.write(undefined, first);
    await table.update(KEY, value === null ? { remove: [name] } : { set: { [name]: value } }, {
      exists: 'pk',
    });
    await expect(accountRules.get(ACCOUNT)).rejects.toMatchObject({ code: 'internal' });
    const read = logins.read({ rules: accountHandle(ACCOUNT), namespaces: [] });
    await expect(read).rejects.toMatchObject({ code: 'internal' });
  });

  it('counts no rules of another account under its key', async () => {
    const table = await openTable();
    const { accountRules, logins } = storesOn(table);
    await accountRules.write(undefined, first);
    await table.update(KEY, { set: { account: OTHER_ACCOUNT } }, { exists: 'pk' });
    expect(await accountRules.get(ACCOUNT)).toBeUndefined();
    expect((await logins.read({ rules: accountHandle(ACCOUNT), namespaces: [] })).rules).toBeNull();
  });
});
