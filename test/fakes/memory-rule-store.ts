/** The rules of one kind, in memory. */
import type { Account } from '../../lib/domain/account.ts';
import { MAX_RULES } from '../../lib/domain/policy.ts';
import type { RuleStore } from '../../lib/ports/stores.ts';
import { handleOf, ownKey } from './memory-table.ts';

export function memoryRuleStore<R extends { readonly account: Account; readonly id: string }>(
  rules: Map<string, R>,
): RuleStore<R> {
  const list = (handle: string) =>
    [...rules.values()]
      .filter(({ account }) => handleOf(account) === handle)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
  return {
    add: async rule => {
      const key = ownKey(rule.account, rule.id);
      if (rules.has(key) || list(handleOf(rule.account)).length >= MAX_RULES) return false;
      rules.set(key, rule);
      return true;
    },
    list: async handle => list(handle),
    remove: async (account, id) => rules.delete(ownKey(account, id)),
  };
}
