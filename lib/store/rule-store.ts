/** The rules of an account, its policies or its trusts, in DynamoDB: written once, listed, deleted. */
import { DeleteItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { type Account, accountHandle } from '../domain/account.ts';
import { MAX_RULES } from '../domain/policy.ts';
import type { RandomBytes, RuleStore } from '../ports.ts';
import { type Item, text } from './attributes.ts';
import { conditionHolds, newMark, queryItems, type Table, written } from './calls.ts';
import { key, partition } from './keys.ts';

/** How a kind of rule is stored. */
export interface RuleKind<R> {
  /** What the sort keys of the kind begin with. */
  readonly prefix: string;
  readonly toItem: (rule: R) => Item;
  /** Throws `internal` when the item is malformed. */
  readonly fromItem: (item: Item) => R;
}

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function ruleStore<R extends { readonly account: Account; readonly id: string }>(
  options: Table & { readonly randomBytes: RandomBytes },
  kind: RuleKind<R>,
): RuleStore<R> {
  const { client, table, randomBytes } = options;
  const keyOf = (account: Account, id: string) => key(partition(accountHandle(account)), kind.prefix + id);
  const list = (handle: string) => rulesAt(options, handle, kind);
  return {
    list,
    add: async rule => {
      if ((await list(accountHandle(rule.account))).length >= MAX_RULES) return false;
      const at = keyOf(rule.account, rule.id);
      const lastWrite = newMark(randomBytes);
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...at, ...kind.toItem(rule), lastWrite: text(lastWrite) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return written(options, at, lastWrite, client.send(command));
    },
    remove: async (account, id) => {
      const command = new DeleteItemCommand({
        TableName: table,
        Key: keyOf(account, id),
        ConditionExpression: '#account = :account',
        ExpressionAttributeNames: { '#account': 'account' },
        ExpressionAttributeValues: { ':account': text(account) },
      });
      return conditionHolds(client.send(command));
    },
  };
}

/** A rule speaks only for the account whose handle its key holds. */
async function rulesAt<R extends { readonly account: Account }>(
  at: Table,
  handle: string,
  { prefix, fromItem }: RuleKind<R>,
): Promise<R[]> {
  const rules: R[] = [];
  let start: Item | undefined;
  do {
    const range = { pk: partition(handle), prefix };
    const page = await queryItems(at, range, start === undefined ? {} : { ExclusiveStartKey: start });
    rules.push(...(page.Items ?? []).map(fromItem));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return rules.filter(({ account }) => accountHandle(account) === handle);
}
