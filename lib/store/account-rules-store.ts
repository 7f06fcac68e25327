/** The rules that accounts have set: one item for each account, replaced as a whole. */
import type { AccountRules, RulesRecord } from '../domain/account-rules.ts';
import { accountHandle } from '../domain/identifiers.ts';
import type { AccountRulesStore } from '../ports/stores.ts';
import { type Attributes, absent, compare, type Item } from '../ports/table.ts';
import { confirmWrite, type StoreOptions } from './calls.ts';
import { accountRulesKey, asInteger, asOneOf, asQualified, read } from './items.ts';

/** Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function accountRulesStore(options: StoreOptions): AccountRulesStore {
  const { table } = options;
  return {
    get: async account => {
      const item = await table.get(accountRulesKey(accountHandle(account)));
      const record = item && fromRulesItem(item);
      return record?.account === account ? record : undefined;
    },
    write: async (before, { account, rules, version }) => {
      const key = accountRulesKey(accountHandle(account));
      const condition = before === undefined ? absent('pk') : compare('version', '=', before.version);
      const send = (writeId: Attributes) =>
        table.put({ ...key, account, ...toAttributes(rules), version, ...writeId }, condition);
      return confirmWrite(options, { key, number: version, send });
    },
  };
}

function toAttributes({ retrievable, requireOwner, requireNetworks, ...rules }: AccountRules): Attributes {
  return {
    ...rules,
    retrievable: yesOrNo(retrievable),
    requireOwner: yesOrNo(requireOwner),
    requireNetworks: yesOrNo(requireNetworks),
  };
}

/** Throws `internal` when the item is malformed: rules that cannot be read allow nothing. */
export function fromRulesItem(item: Item): RulesRecord {
  const rules: AccountRules = {
    maxExpiresInSeconds: read(item, 'maxExpiresInSeconds', asInteger),
    nonExpiring: read(item, 'nonExpiring', asOneOf('allowed', 'forbidden')),
    maxCredentialSeconds: read(item, 'maxCredentialSeconds', asInteger),
    retrievable: readYes(item, 'retrievable'),
    requireOwner: readYes(item, 'requireOwner'),
    requireNetworks: readYes(item, 'requireNetworks'),
  };
  return { account: read(item, 'account', asQualified), rules, version: read(item, 'version', asInteger) };
}

function yesOrNo(is: boolean): 'no' | 'yes' {
  return is ? 'yes' : 'no';
}

function readYes(item: Item, name: string): boolean {
  return read(item, name, asOneOf('yes', 'no')) === 'yes';
}
