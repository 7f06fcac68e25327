/** Namespace claims, and the index that lists them by account. */

import type { Account } from '../domain/identifiers.ts';
import { isHeldBy, type NamespaceClaim } from '../domain/namespace.ts';
import { isNamespace } from '../domain/repository.ts';
import type { NamespaceStore } from '../ports/stores.ts';
import {
  type Attributes,
  absent,
  all,
  any,
  type Condition,
  compare,
  type Item,
  type Table,
} from '../ports/table.ts';
import { confirmWrite, queryAll, type StoreOptions } from './calls.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  claimKey,
  malformed,
  NAMESPACE_PREFIX,
  nameIn,
  partitionOf,
  read,
  registrationKey,
} from './items.ts';

/** The most keys that one `batchGet` takes. */
const BATCH_KEYS = 100;

/** Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function namespaceStore(options: StoreOptions): NamespaceStore {
  const { table } = options;
  return {
    claim: async name => {
      const item = await table.get(claimKey(name));
      return item && fromClaimItem(item);
    },
    writeClaim: async (before, after) => {
      const key = claimKey(after.name);
      const condition = before === undefined ? absent('pk') : isSame(before);
      const send = (writeId: Attributes) =>
        table.update(key, { set: { ...toClaimAttributes(after), ...writeId } }, condition);
      return confirmWrite(options, { key, number: numberOf(after), send });
    },
    index: async ({ account, name, epoch }) => {
      const set = { account, epoch };
      await table.update(registrationKey(account, name), { set }, isNotLater(epoch));
    },
    unindex: async ({ account, name, epoch }) => {
      await table.delete(registrationKey(account, name), isNotLater(epoch));
    },
    held: async account => {
      const claims = await readClaims(table, await indexedNames(table, account));
      return claims.filter(claim => isHeldBy(claim, account)).sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

/** The attributes of a claim; its name is in its key. */
export function toClaimAttributes({ account, state, epoch }: NamespaceClaim): Attributes {
  return { account, state, epoch };
}

/** The claim in an item. Throws `internal` when the item is malformed. */
export function fromClaimItem(item: Item): NamespaceClaim {
  const name = nameIn(item, 'pk', NAMESPACE_PREFIX);
  if (!isNamespace(name)) throw malformed(item, 'pk');
  return {
    name,
    account: read(item, 'account', asQualified),
    state: read(item, 'state', asOneOf('held', 'released')),
    epoch: read(item, 'epoch', asInteger),
  };
}

/** Each registration is followed by at most one release. */
function numberOf({ epoch, state }: NamespaceClaim): number {
  return 2 * epoch + (state === 'held' ? 0 : 1);
}

function isSame({ account, state, epoch }: NamespaceClaim): Condition {
  return all(compare('account', '=', account), compare('state', '=', state), compare('epoch', '=', epoch));
}

function isNotLater(epoch: number): Condition {
  return any(absent('pk'), compare('epoch', '<=', epoch));
}

async function indexedNames(table: Table, account: Account): Promise<string[]> {
  const items = await queryAll(table, { pk: partitionOf(account), prefix: NAMESPACE_PREFIX });
  return items.map(item => nameIn(item, 'sk', NAMESPACE_PREFIX));
}

async function readClaims(table: Table, names: readonly string[]): Promise<NamespaceClaim[]> {
  const claims: NamespaceClaim[] = [];
  for (let from = 0; from < names.length; from += BATCH_KEYS) {
    const items = await table.batchGet(names.slice(from, from + BATCH_KEYS).map(claimKey));
    claims.push(...items.map(fromClaimItem));
  }
  return claims;
}
