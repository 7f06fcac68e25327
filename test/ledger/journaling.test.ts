/** What revokes something is appended to the ledger first, and is not done when that fails. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type AccountRules, WIDEST } from '../../lib/domain/account-rules.ts';
import { PullpassError } from '../../lib/domain/errors.ts';
import { isUuid } from '../../lib/domain/identifiers.ts';
import { release } from '../../lib/domain/namespace.ts';
import { patchToken, rotateToken } from '../../lib/domain/token-record.ts';
import { journaling } from '../../lib/ledger/journaling.ts';
import { tableLedger } from '../../lib/ledger/table-ledger.ts';
import { readLedger } from '../contracts/ledger.ts';
import { ACCOUNT, aClaim, aPolicy, aToken, aTrust, NOW } from '../support/records.ts';
import { type Around, stepped } from '../support/steps.ts';
import { itemsOf, memoryStores, memoryTable, type Stores } from '../support/stores.ts';

const TOKEN = aToken({ access: 'push' });
const POLICY = aPolicy();
const TRUST = aTrust();
const ISSUE = { hash: randomBytes(32), derivation: null, issuanceId: 'x' };

async function prepared() {
  const { table, ...stores } = memoryStores();
  await stores.tokens.add(TOKEN);
  await stores.policies.add(POLICY);
  await stores.trusts.add(TRUST);
  await stores.namespaces.writeClaim(undefined, aClaim());
  return { table, stores };
}

/** The stores behind a ledger, every step of either through `around`. */
function journaled(stores: Stores, around: Around, ledger = tableLedger(memoryTable())): Stores {
  const world = stepped(
    { ...stores, ledger },
    ['ledger', 'tokens', 'namespaces', 'policies', 'trusts', 'accountRules', 'revokedCredentials', 'nonces'],
    around,
  );
  const wraps = journaling({ ledger: world.ledger, clock: () => NOW * 1000, randomBytes });
  return {
    ...world,
    tokens: wraps.tokens(world.tokens),
    namespaces: wraps.namespaces(world.namespaces),
    policies: wraps.rules(world.policies, 'remove-policy'),
    trusts: wraps.rules(world.trusts, 'remove-trust'),
    accountRules: wraps.accountRules(world.accountRules),
    revokedCredentials: wraps.revokedCredentials(world.revokedCredentials),
    nonces: wraps.nonces(world.nonces),
  };
}

const patched = (patch: Parameters<typeof patchToken>[1]) =>
  patchToken(TOKEN, patch, { now: NOW, by: 'dev:alice' });
const rulesWith = (rules: Partial<AccountRules>) => ({
  account: ACCOUNT,
  rules: { ...WIDEST, ...rules },
  version: 1,
});
type Act = (stores: Stores) => Promise<unknown>;
const TAKING: Record<string, readonly [act: string, carryOut: Act]> = {
  narrowing: ['narrow-token', ({ tokens }) => tokens.update(TOKEN, patched({ access: 'pull' }), NOW)],
  disabling: ['narrow-token', ({ tokens }) => tokens.update(TOKEN, patched({ disabled: true }), NOW)],
  rotating: [
    'narrow-token',
    ({ tokens }) => tokens.update(TOKEN, rotateToken(TOKEN, ISSUE, { graceSeconds: 0, now: NOW }), NOW),
  ],
  removing: ['remove-token', ({ tokens }) => tokens.remove(TOKEN, NOW)],
  registering: ['write-claim', ({ namespaces }) => namespaces.writeClaim(undefined, aClaim({ name: 'new' }))],
  releasing: ['write-claim', ({ namespaces }) => namespaces.writeClaim(aClaim(), release(aClaim()))],
  'removing a policy': ['remove-policy', ({ policies }) => policies.remove(ACCOUNT, POLICY.id, NOW)],
  'removing a trust': ['remove-trust', ({ trusts }) => trusts.remove(ACCOUNT, TRUST.id, NOW)],
  'narrowing the rules': [
    'narrow-rules',
    ({ accountRules }) => accountRules.write(undefined, rulesWith({ requireOwner: true })),
  ],
  'revoking a credential': [
    'end-credential',
    ({ revokedCredentials }) => revokedCredentials.revoke({ handle: 'h', jti: 'j' }, NOW + 9),
  ],
  'consuming a nonce': ['spend-proof', ({ nonces }) => nonces.consume('m', NOW + 9)],
};

describe.each(Object.entries(TAKING))('%s', (_, [act, carryOut]) => {
  it('is appended to the ledger first, and then done', async () => {
    const { stores } = await prepared();
    const steps: string[] = [];
    const ledger = tableLedger(memoryTable());
    await carryOut(
      journaled(
        stores,
        (name, step) => {
          steps.push(name);
          return step();
        },
        ledger,
      ),
    );
    expect(steps).toHaveLength(2);
    expect(steps[0]).toBe('ledger.append');
    const { all: entries } = await readLedger(ledger);
    expect(entries).toMatchObject([{ act, at: NOW * 1000 }]);
    expect(isUuid(entries[0]?.id ?? '')).toBe(true);
  });

  it('is not done when the ledger is unavailable', async () => {
    const { table, stores } = await prepared();
    const before = await itemsOf(table);
    const steps: string[] = [];
    const broken = journaled(stores, (name, step) => {
      steps.push(name);
      if (name !== 'ledger.append') return step();
      throw new PullpassError('unavailable', { reason: 'ledger: x' });
    });
    await expect(carryOut(broken)).rejects.toMatchObject({ code: 'unavailable' });
    expect(steps).toEqual(['ledger.append']);
    expect(await itemsOf(table)).toEqual(before);
  });
});

it.each<[string, Act]>([
  ['adding a token', ({ tokens }) => tokens.add(aToken())],
  ['setting rules that forbid nothing', ({ accountRules }) => accountRules.write(undefined, rulesWith({}))],
  ['describing a token anew', ({ tokens }) => tokens.update(TOKEN, patched({ description: 'x' }), NOW)],
  ['extending a token', ({ tokens }) => tokens.update(TOKEN, patched({ expiresAt: null }), NOW)],
  ['reading a token', ({ tokens }) => tokens.get(ACCOUNT, TOKEN.id, NOW)],
  ['adding a policy', ({ policies }) => policies.add(aPolicy())],
  ['listing namespaces', ({ namespaces }) => namespaces.held(ACCOUNT)],
])('%s needs no ledger', async (_, carryOut) => {
  const { stores } = await prepared();
  const steps: string[] = [];
  await carryOut(
    journaled(stores, (name, step) => {
      steps.push(name);
      return step();
    }),
  );
  expect(steps).not.toContain('ledger.append');
});
