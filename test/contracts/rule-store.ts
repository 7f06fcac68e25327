/** The contract of `RuleStore`, for policies and for trusts. */
import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type Account, accountHandle } from '../../lib/domain/account.ts';
import { MAX_RULES, type Policy } from '../../lib/domain/policy.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import { UUID_RANDOM_BYTES, uuidV7 } from '../../lib/domain/uuid.ts';
import type { RuleStore } from '../../lib/ports/stores.ts';
import { ACCOUNT, aPolicy, aTrust, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import type { Stores } from './stores.ts';

const HANDLE = accountHandle(ACCOUNT);

/** What a kind of rule is made and stored by. */
interface Kind<R extends Policy | Trust> {
  readonly storeOf: (stores: Stores) => RuleStore<R>;
  readonly aRule: (facts?: { readonly account?: Account; readonly id?: string }) => R;
  /** Rules with all that one can say. */
  readonly samples: readonly R[];
}

/** Puts rules of one account into empty stores; adding one after the other would read them all each time. */
export type Fill<S> = (stores: S, rules: readonly (Policy | Trust)[]) => Promise<void>;

export function ruleStoreContract<S extends Stores>(open: () => Promise<S>, fill: Fill<S>): void {
  describe('a store of policies', () => itKeeps(open, { fill, ...POLICIES }));
  describe('a store of trusts', () => itKeeps(open, { fill, ...TRUSTS }));

  it('keeps policies and trusts of one account apart', async () => {
    const { policies, trusts } = await open();
    const policy = aPolicy();
    await policies.add(policy);
    expect(await trusts.list(HANDLE)).toEqual([]);
    expect(await trusts.remove(ACCOUNT, policy.id)).toBe(false);
    expect(await trusts.add(aTrust({ id: policy.id }))).toBe(true);
    expect(await policies.list(HANDLE)).toEqual([policy]);
  });
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

function itKeeps<R extends Policy | Trust, S extends Stores>(
  open: () => Promise<S>,
  { storeOf, aRule, samples, fill }: Kind<R> & { readonly fill: Fill<S> },
): void {
  it('lists what was added, as it was added, oldest first', async () => {
    const rules = storeOf(await open());
    expect(await rules.list(HANDLE)).toEqual([]);
    for (const rule of samples.toReversed()) expect(await rules.add(rule)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual(samples);
  });

  it('keeps accounts apart', async () => {
    const rules = storeOf(await open());
    const mine = aRule();
    const others = aRule({ account: OTHER_ACCOUNT, id: mine.id });
    expect(await rules.add(mine)).toBe(true);
    expect(await rules.add(others)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual([mine]);
    expect(await rules.list(accountHandle(OTHER_ACCOUNT))).toEqual([others]);
    expect(await rules.remove(OTHER_ACCOUNT, mine.id)).toBe(true);
    expect(await rules.list(HANDLE)).toEqual([mine]);
  });

  it('writes over no rule', async () => {
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
    expect(await rules.remove(ACCOUNT, first.id)).toBe(true);
    expect(await rules.remove(ACCOUNT, first.id)).toBe(false);
    expect(await rules.remove(OTHER_ACCOUNT, second.id)).toBe(false);
    expect(await rules.remove(ACCOUNT, idAt(2))).toBe(false);
    expect(await rules.list(HANDLE)).toEqual([second]);
  });

  it('counts a rule that is removed many times at once as removed once', async () => {
    const rules = storeOf(await open());
    const rule = aRule();
    await rules.add(rule);
    const removed = await Promise.all(Array.from({ length: 6 }, () => rules.remove(ACCOUNT, rule.id)));
    expect(removed.filter(Boolean)).toHaveLength(1);
  });

  it(`takes ${MAX_RULES} rules of an account and no more, until one is removed`, async () => {
    const stores = await open();
    const rules = storeOf(stores);
    const all = Array.from({ length: MAX_RULES }, (_, i) => aRule({ id: idAt(i) }));
    await fill(stores, all);
    expect(await rules.list(HANDLE)).toEqual(all);
    expect(await rules.add(aRule({ id: idAt(MAX_RULES) }))).toBe(false);
    expect(await rules.add(aRule({ account: OTHER_ACCOUNT }))).toBe(true);
    await rules.remove(ACCOUNT, all[7]?.id ?? '');
    expect(await rules.add(aRule({ id: idAt(MAX_RULES) }))).toBe(true);
    expect(await rules.list(HANDLE)).toHaveLength(MAX_RULES);
  });
}
