/** Lists the rules of an account, whichever client carries out the query. */
import { type Account, accountHandle } from '../domain/account.ts';
import type { RuleStore } from '../ports.ts';
import type { Item } from './attributes.ts';
import { partition } from './keys.ts';
import { allItems, type Query } from './query.ts';

/** How a kind of rule is stored. */
export interface RuleKind<R> {
  /** What the sort keys of the kind begin with. */
  readonly prefix: string;
  readonly toItem: (rule: R) => Item;
  /** Throws `internal` when the item is malformed. */
  readonly fromItem: (item: Item) => R;
}

/**
 * Throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. A rule speaks only for the
 * account whose handle its key holds.
 */
export function ruleReader<R extends { readonly account: Account; readonly id: string }>(
  { query, table }: { readonly query: Query; readonly table: string },
  { prefix, fromItem }: RuleKind<R>,
): Pick<RuleStore<R>, 'list'> {
  return {
    async list(handle) {
      const items = await allItems(query, table, { pk: partition(handle), prefix });
      return items.map(fromItem).filter(({ account }) => accountHandle(account) === handle);
    },
  };
}
