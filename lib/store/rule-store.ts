/** The rules of an account, its policies or its trusts, in DynamoDB: written once, listed, deleted. */
import { DeleteItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Account, accountHandle } from '../domain/account.ts';
import { MAX_RULES } from '../domain/policy.ts';
import type { RandomBytes, RuleStore } from '../ports.ts';
import { conditionHolds } from './answered.ts';
import { text } from './attributes.ts';
import { confirmWrite, newWriteId, type Table } from './calls.ts';
import { key, partition } from './keys.ts';
import { type RuleKind, ruleReader } from './rule-reader.ts';

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function ruleStore<R extends { readonly account: Account; readonly id: string }>(
  options: Table & { readonly randomBytes: RandomBytes },
  kind: RuleKind<R>,
): RuleStore<R> {
  const { client, table, randomBytes } = options;
  const keyOf = (account: Account, id: string) => key(partition(accountHandle(account)), kind.prefix + id);
  const { list } = ruleReader({ query: input => client.send(new QueryCommand(input)), table }, kind);
  return {
    list,
    add: async rule => {
      if ((await list(accountHandle(rule.account))).length >= MAX_RULES) return false;
      const at = keyOf(rule.account, rule.id);
      const lastWrite = newWriteId(randomBytes);
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...at, ...kind.toItem(rule), lastWrite: text(lastWrite) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return confirmWrite(options, at, lastWrite, client.send(command));
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
