/** Policies and trusts in the table: limits, pages and competing requests. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Account, accountHandle, UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/identifiers.ts';
import { MAX_RULE_BYTES, MAX_RULES, type Policy } from '../../lib/domain/policy.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import type { RuleStore } from '../../lib/ports/stores.ts';
import type { Change, Item, Key, Table } from '../../lib/ports/table.ts';
import { POLICY, TRUST } from '../../lib/store/rule-store.ts';
import { losingAnswer, recordedTable, unreachableTable } from '../support/faulty-table.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { fill, type Stores, storesOn, useStores } from '../support/stores.ts';

const { open, openTable } = useStores();

const HANDLE = accountHandle(ACCOUNT);

/** What a kind of rule is made and stored by. */
interface Kind<R extends Policy | Trust> {
  readonly storeOf: (stores: Stores) => RuleStore<R>;
  readonly aRule: (facts?: { readonly account?: Account; readonly id?: string }) => R;
  /** Rules with all that one can say. */
  readonly samples: readonly R[];
}

const POLICIES: Kind<Policy> = {
  storeOf: ({ policies }) => policies,
  aRule: aPolicy,
  samples: [
    aPolicy({ id: idAt(0), subject: '*', role: 'writer' }),
    aPolicy({ id: idAt(1), role: 'administrator' }),
    aPolicy({ id: idAt(2), role: 'manager', repositories: ['team-a/app', 'team-b/*'] }),
    aPolicy({ id: idAt(3), subject: 'dev:a:b:c', createdBy: 'dev:x:y' }),
  ],
};

const TRUSTS: Kind<Trust> = {
  storeOf: ({ trusts }) => trusts,
  aRule: aTrust,
  samples: [
    aTrust({ id: idAt(0) }),
    aTrust({ id: idAt(1), access: 'push', lifetimeSeconds: 60, repositories: ['team-a/*'] }),
    aTrust({ id: idAt(2), claims: { sub: 'a b', 'kubernetes.io/serviceaccount/uid': 'ü🦊' } }),
  ],
};

/** An id that is older than those of later milliseconds. */
function idAt(millisecond: number): string {
  return uuidV7(NOW * 1000 + millisecond, randomBytes(UUID_RANDOM_BYTES));
}

type Rule = Policy | Trust;

function kindOf(rule: Rule): 'policy' | 'trust' {
  return 'role' in rule ? 'policy' : 'trust';
}

function keyOf(rule: Rule): Key {
  return { pk: `account#${HANDLE}`, sk: `${kindOf(rule)}#${rule.id}` };
}

/** The item of a rule of `ACCOUNT`. Adding many through the store would list them all each time. */
function itemOf(rule: Rule): Item {
  return { ...keyOf(rule), ...('role' in rule ? POLICY.toAttributes(rule) : TRUST.toAttributes(rule)) };
}

describe('a store of policies', () => itStoresRules(POLICIES));
describe('a store of trusts', () => itStoresRules(TRUSTS));

function itStoresRules<R extends Rule>({ storeOf, aRule, samples }: Kind<R>): void {
  it('lists what was added, as it was added, oldest first', async () => {
    const rules = storeOf(await open());
    expect(await rules.list(HANDLE)).toEqual([]);
    for (const rule of samples.toReversed()) expect(await rules.add(rule)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual(samples);
  });

  it('tells accounts apart', async () => {
    const rules = storeOf(await open());
    const mine = aRule();
    const others = aRule({ account: OTHER_ACCOUNT, id: mine.id });
    expect(await rules.add(mine)).toBe(true);
    expect(await rules.add(others)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual([mine]);
    expect(await rules.list(accountHandle(OTHER_ACCOUNT))).toEqual([others]);
    expect(await rules.remove(OTHER_ACCOUNT, mine.id, NOW)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual([mine]);
  });

  it('does not overwrite a rule', async () => {
    const rules = storeOf(await open());
    const rule = aRule();
    await rules.add(rule);
    expect(await rules.add(aRule({ id: rule.id }))).toBe(false);
    expect(await rules.list(HANDLE)).toEqual([rule]);
  });

  it('removes a rule once, and no other', async () => {
    const rules = storeOf(await open());
    const [first, second] = [aRule({ id: idAt(0) }), aRule({ id: idAt(1) })];
    await rules.add(first);
    await rules.add(second);
    expect(await rules.remove(ACCOUNT, first.id, NOW)).toBe(true);
    expect(await rules.remove(ACCOUNT, first.id, NOW)).toBe(false);
    expect(await rules.remove(OTHER_ACCOUNT, second.id, NOW)).toBe(false);
    expect(await rules.remove(ACCOUNT, idAt(2), NOW)).toBe(false);
    expect(await rules.list(HANDLE)).toEqual([second]);
  });

  it('removes a rule once when many requests remove it at once', async () => {
    const rules = storeOf(await open());
    const rule = aRule();
    await rules.add(rule);
    const removed = await Promise.all(Array.from({ length: 6 }, () => rules.remove(ACCOUNT, rule.id, NOW)));
    expect(removed.filter(Boolean)).toHaveLength(1);
  });

  it(`takes ${MAX_RULES} rules of an account, and another one when one was removed`, async () => {
    const table = await openTable();
    const rules = storeOf(storesOn(table));
    const all = Array.from({ length: MAX_RULES }, (_, i) => aRule({ id: idAt(i) }));
    await fill(table, all.map(itemOf));
    expect(await rules.list(HANDLE)).toEqual(all);
    expect(await rules.add(aRule({ id: idAt(MAX_RULES) }))).toBe(false);
    expect(await rules.add(aRule({ account: OTHER_ACCOUNT }))).toBe(true);
    await rules.remove(ACCOUNT, all[7]?.id ?? '', NOW);
    expect(await rules.add(aRule({ id: idAt(MAX_RULES) }))).toBe(true);
    expect(await rules.list(HANDLE)).toHaveLength(MAX_RULES);
  });
}

describe('a rule store', () => {
  it('tells policies and trusts of one account apart', async () => {
    const { policies, trusts } = await open();
    const policy = aPolicy();
    await policies.add(policy);
    expect(await trusts.list(HANDLE)).toEqual([]);
    expect(await trusts.remove(ACCOUNT, policy.id, NOW)).toBe(false);
    expect(await trusts.add(aTrust({ id: policy.id }))).toBe(true);
    expect(await policies.list(HANDLE)).toEqual([policy]);
  });

  it('stores a policy in the partition of its account', async () => {
    const table = await openTable();
    const policy = aPolicy({ repositories: ['team-a/*'] });
    await storesOn(table).policies.add(policy);
    expect(await table.get(keyOf(policy))).toEqual({
      ...keyOf(policy),
      ...{ account: ACCOUNT, id: policy.id, createdAt: NOW, createdBy: 'dev:alice' },
      ...{ subject: 'dev:bob', role: 'reader', repositories: ['team-a/*'] },
      write1: expect.any(String),
    });
  });

  it('stores a trust in the partition of its account', async () => {
    const table = await openTable();
    const trust = aTrust();
    await storesOn(table).trusts.add(trust);
    expect(await table.get(keyOf(trust))).toEqual({
      ...keyOf(trust),
      ...{ account: ACCOUNT, id: trust.id, createdAt: NOW, createdBy: 'dev:alice' },
      ...{ issuer: 'github', claims: { repository_id: '74', repository_owner_id: '65' } },
      ...{ access: 'pull', lifetimeSeconds: 3600 },
      write1: expect.any(String),
    });
  });

  it('lists rules that take several pages', async () => {
    const table = await openTable();
    const patterns = Array.from({ length: 32 }, (_, i) => `team-a/${'x'.repeat(230)}${i}`);
    const rules = Array.from({ length: 180 }, () => aPolicy({ repositories: patterns }));
    await fill(table, rules.map(itemOf));
    const recorded = recordedTable(table);
    const query: Table['query'] = range => recorded.table.query({ ...range, limit: 100 });
    expect(await storesOn({ ...table, query }).policies.list(HANDLE)).toHaveLength(180);
    expect(recorded.calls).toHaveLength(2);
  });

  it('ignores a rule whose account differs from its key', async () => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const policy = aPolicy();
    await policies.add(policy);
    await table.update(keyOf(policy), { set: { account: OTHER_ACCOUNT } });
    expect(await policies.list(HANDLE)).toEqual([]);
    expect(await policies.list(accountHandle(OTHER_ACCOUNT))).toEqual([]);
    expect(await policies.remove(ACCOUNT, policy.id, NOW)).toBe(false);
  });

  it('recognises its own addition when the answer was lost', async () => {
    const table = await openTable();
    const policy = aPolicy();
    expect(await storesOn(losingAnswer(table, 'put')).policies.add(policy)).toBe(true);
    expect(await storesOn(table).policies.list(HANDLE)).toEqual([policy]);
  });

  it('recognises its own removal when the answer was lost', async () => {
    const table = await openTable();
    const policy = aPolicy();
    await storesOn(table).policies.add(policy);
    expect(await storesOn(losingAnswer(table, 'update')).policies.remove(ACCOUNT, policy.id, NOW)).toBe(true);
    expect(await storesOn(table).policies.remove(ACCOUNT, policy.id, NOW)).toBe(false);
  });

  it('does not add a rule again that was removed before the addition was repeated', async () => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const policy = aPolicy();
    const losing = losingAnswer(table, 'put', () => policies.remove(ACCOUNT, policy.id, NOW));
    expect(await storesOn(losing).policies.add(policy)).toBe(true);
    expect(await policies.list(HANDLE)).toEqual([]);
    expect(await policies.add(policy)).toBe(false);
  });

  it('leaves a tombstone for an hour that grants nothing to a reader that takes it for a rule', async () => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const policy = aPolicy({ role: 'administrator' });
    await policies.add(policy);
    await policies.remove(ACCOUNT, policy.id, NOW);
    const tombstone = (await table.get(keyOf(policy))) ?? expect.fail();
    expect(tombstone).toMatchObject({ removedAt: NOW, expiresAt: NOW + HOUR_SECONDS });
    expect(POLICY.fromItem(tombstone)).toMatchObject({ role: 'reader', repositories: [] });
    await policies.add(aPolicy({ createdAt: NOW + HOUR_SECONDS - 1 }));
    expect(await table.get(keyOf(policy))).toBeDefined();
    await policies.add(aPolicy({ createdAt: NOW + HOUR_SECONDS }));
    expect(await table.get(keyOf(policy))).toBeUndefined();
  });

  it(`takes no more than ${MAX_RULES} removals within an hour, because logins read tombstones too`, async () => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const removed = Array.from({ length: MAX_RULES }, (_, i) => itemOf(aPolicy({ id: idAt(i) })));
    await fill(
      table,
      removed.map(item => ({ ...item, removedAt: NOW, expiresAt: NOW + HOUR_SECONDS })),
    );
    expect(await policies.list(HANDLE)).toEqual([]);
    expect(await policies.add(aPolicy())).toBe(false);
    expect(await policies.add(aPolicy({ createdAt: NOW + HOUR_SECONDS }))).toBe(true);
  });

  it(`takes ${MAX_RULE_BYTES} bytes of patterns and claims of an account, also in those just removed`, async () => {
    const table = await openTable();
    const { policies, trusts } = storesOn(table);
    const large = Array.from({ length: 32 }, (_, i) => `team-a/${'x'.repeat(240)}${i + 10}`);
    const bytes = Buffer.byteLength(JSON.stringify([large, null]));
    const most = Math.floor(MAX_RULE_BYTES / bytes);
    const all = Array.from({ length: most }, (_, i) => aPolicy({ id: idAt(i), repositories: large }));
    for (const policy of all) expect(await policies.add(policy)).toBe(true);
    expect(await policies.add(aPolicy({ id: idAt(most), repositories: large }))).toBe(false);
    expect(await policies.add(aPolicy({ id: idAt(most) }))).toBe(true);
    const claims = Object.fromEntries(Array.from({ length: 16 }, (_, i) => [`c${i}`, 'x'.repeat(512)]));
    let added = 0;
    while (added < 20 && (await trusts.add(aTrust({ id: idAt(added), claims })))) added++;
    expect(added).toBe(Math.floor(MAX_RULE_BYTES / Buffer.byteLength(JSON.stringify([null, claims]))));
    await trusts.remove(ACCOUNT, (await trusts.list(HANDLE))[0]?.id ?? '', NOW);
    expect(await trusts.add(aTrust({ id: idAt(added), claims }))).toBe(false);
  });

  it('lists those with the wanted values, and does not read the others', async () => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const [own, everyone] = [
      aPolicy({ id: idAt(0), subject: 'dev:a' }),
      aPolicy({ id: idAt(1), subject: '*' }),
    ];
    const other = aPolicy({ id: idAt(2), subject: 'dev:b' });
    for (const policy of [own, everyone, other]) await policies.add(policy);
    await table.update(keyOf(other), { set: { role: 'emperor' } });
    expect(await policies.list(HANDLE, { subject: ['*', 'dev:a'] })).toEqual([own, everyone]);
    await expect(policies.list(HANDLE)).rejects.toMatchObject({ code: 'internal' });
  });

  it('is unavailable while the table does not answer', async () => {
    const { policies } = storesOn(unreachableTable(await openTable()));
    const asked = [policies.list(HANDLE), policies.add(aPolicy()), policies.remove(ACCOUNT, 'x', NOW)];
    for (const outcome of await Promise.allSettled(asked)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { code: 'unavailable' } });
    }
  });
});

type Damage = readonly [name: string, change: Change];

const BAD_COMMON: readonly Damage[] = [
  ['no account', { remove: ['account'] }],
  ['an account without issuer', { set: { account: 'acme' } }],
  ['a malformed id', { set: { id: 'x' } }],
  ['repositories that are no list', { set: { repositories: 'team-a/*' } }],
  ['a malformed pattern among its repositories', { set: { repositories: ['team-a/*', '*'] } }],
  ['a time that is no whole number', { set: { createdAt: null } }],
  ['no author', { set: { createdBy: '' } }],
];
const BAD_POLICY: readonly Damage[] = [
  ...BAD_COMMON,
  ['no subject', { remove: ['subject'] }],
  ['a subject without issuer', { set: { subject: 'bob' } }],
  ['two stars for a subject', { set: { subject: '**' } }],
  ['an unknown role', { set: { role: 'owner' } }],
];
const BAD_TRUST: readonly Damage[] = [
  ...BAD_COMMON,
  ['a malformed issuer', { set: { issuer: 'Git Hub' } }],
  ['no claims', { remove: ['claims'] }],
  ['claims that are no map', { set: { claims: 'x' } }],
  ['claims that are no texts', { set: { claims: null } }],
  ['an unknown access', { set: { access: 'delete' } }],
  ['no lifetime', { remove: ['lifetimeSeconds'] }],
];

describe('a malformed rule', () => {
  it.each(BAD_POLICY)('is an error: a policy with %s', async (_, change) => {
    const table = await openTable();
    const { policies } = storesOn(table);
    const policy = aPolicy();
    await policies.add(policy);
    await table.update(keyOf(policy), change);
    await expect(policies.list(HANDLE)).rejects.toMatchObject({ code: 'internal' });
  });

  it.each(BAD_TRUST)('is an error: a trust with %s', async (_, change) => {
    const table = await openTable();
    const { trusts } = storesOn(table);
    const trust = aTrust();
    await trusts.add(trust);
    await table.update(keyOf(trust), change);
    await expect(trusts.list(HANDLE)).rejects.toMatchObject({ code: 'internal' });
  });
});
