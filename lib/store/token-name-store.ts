/** The names of an account's tokens, each with the id of the token that has it or is about to have it. */

import { type Account, isUuid } from '../domain/identifiers.ts';
import { nameEnd } from '../domain/token-name.ts';
import type { TokenNameStore } from '../ports/stores.ts';
import { absent, all, compare, exists, type Item, type Table } from '../ports/table.ts';
import { asQualified, asTextThat, attributesOf, malformed, nameKey, read } from './items.ts';

/**
 * Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. A write whose answer is
 * lost needs no mark of its own: who looks again finds its own id.
 */
export function tokenNameStore({ table }: { readonly table: Table }): TokenNameStore {
  return {
    idOf: async (account, name) => {
      const item = await table.get(nameKey(account, name));
      return item && fromNameItem(item, account).tokenId;
    },
    give: (account, name, { before, id, expiresAt }) => {
      const facts = { account, tokenId: id, expiresAt: nameEnd(expiresAt) };
      const isStillSo = before === undefined ? absent('pk') : compare('tokenId', '=', before);
      return table.put({ ...nameKey(account, name), ...attributesOf(facts) }, isStillSo);
    },
    extend: async (account, name, { id, expiresAt }) => {
      const end = nameEnd(expiresAt);
      const change = end === null ? { remove: ['expiresAt'] } : { set: { expiresAt: end } };
      const isShorter = end === null ? exists('expiresAt') : compare('expiresAt', '<', end);
      await table.update(nameKey(account, name), change, all(compare('tokenId', '=', id), isShorter));
    },
    free: async (account, name, id) => {
      await table.delete(nameKey(account, name), compare('tokenId', '=', id));
    },
  };
}

/** Throws `internal` when the item is malformed, or another account's. */
export function fromNameItem(
  item: Item,
  account: Account = read(item, 'account', asQualified),
): { readonly tokenId: string } {
  if (read(item, 'account', asQualified) !== account) throw malformed(item, 'account');
  return { tokenId: read(item, 'tokenId', asTextThat(isUuid)) };
}
