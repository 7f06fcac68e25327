/** Namespace claims, and the index that lists them by account. */

import { DeleteItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Account } from '../domain/account.ts';
import { isHeldBy, type NamespaceClaim } from '../domain/namespace.ts';
import { isNamespace } from '../domain/repository.ts';
import type { NamespaceStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { conditionHolds } from './answered.ts';
import { asInteger, asOneOf, asQualified, type Item, integer, malformed, read, text } from './attributes.ts';
import { batchGet, confirmWrite, newWriteId, queryAll, readItem, type Table } from './calls.ts';
import { namesIn, updateOf } from './expressions.ts';
import { claimKey, NAMESPACE_PREFIX, nameIn, partitionOf, registrationKey } from './keys.ts';

/** The attributes of a claim; its name is in its key. */
export function toClaimItem(claim: NamespaceClaim): Item {
  return { account: text(claim.account), state: text(claim.state), epoch: integer(claim.epoch) };
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

/** The most keys that one BatchGetItem takes. */
const BATCH_KEYS = 100;

const NO_CLAIM = 'attribute_not_exists(pk)';

const SAME_CLAIM = '#account = :account AND #state = :state AND #epoch = :epoch';

const NOT_LATER = 'attribute_not_exists(pk) OR #epoch <= :epoch';

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function namespaceStore(options: Table & { readonly randomBytes: RandomBytes }): NamespaceStore {
  const { client, table, randomBytes } = options;
  return {
    claim: async name => {
      const item = await readItem(options, claimKey(name));
      return item && fromClaimItem(item);
    },
    writeClaim: async (before, after) => {
      const lastWrite = newWriteId(randomBytes);
      const update = updateOf(table, claimKey(after.name), {
        set: { ...toClaimItem(after), lastWrite: text(lastWrite) },
        ...(before === undefined
          ? { condition: NO_CLAIM, values: {} }
          : { condition: SAME_CLAIM, values: valuesOf(before) }),
      });
      return confirmWrite(
        options,
        claimKey(after.name),
        lastWrite,
        client.send(new UpdateItemCommand(update)),
      );
    },
    index: async ({ account, name, epoch }) => {
      const update = updateOf(table, registrationKey(account, name), {
        set: { account: text(account), epoch: integer(epoch) },
        condition: NOT_LATER,
        values: { ':epoch': integer(epoch) },
      });
      await conditionHolds(client.send(new UpdateItemCommand(update)));
    },
    unindex: async ({ account, name, epoch }) => {
      const command = new DeleteItemCommand({
        TableName: table,
        Key: registrationKey(account, name),
        ConditionExpression: NOT_LATER,
        ExpressionAttributeNames: namesIn(NOT_LATER),
        ExpressionAttributeValues: { ':epoch': integer(epoch) },
      });
      await conditionHolds(client.send(command));
    },
    held: async account => {
      const names = await indexedNames(options, account);
      const claims = (await readClaims(options, names)).filter(claim => isHeldBy(claim, account));
      return claims.sort((a, b) => (a.name < b.name ? -1 : 1));
    },
  };
}

function valuesOf({ account, state, epoch }: NamespaceClaim): Item {
  return { ':account': text(account), ':state': text(state), ':epoch': integer(epoch) };
}

async function indexedNames(at: Table, account: Account): Promise<string[]> {
  const items = await queryAll(at, { pk: partitionOf(account), prefix: NAMESPACE_PREFIX });
  return items.map(item => nameIn(item, 'sk', NAMESPACE_PREFIX));
}

async function readClaims(at: Table, names: readonly string[]): Promise<NamespaceClaim[]> {
  const claims: NamespaceClaim[] = [];
  for (let from = 0; from < names.length; from += BATCH_KEYS) {
    const items = await batchGet(at, names.slice(from, from + BATCH_KEYS).map(claimKey));
    claims.push(...items.map(fromClaimItem));
  }
  return claims;
}
