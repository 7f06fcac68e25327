/** DynamoDB expressions. Every attribute stands in them as `#name`, because many of our names are reserved words. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import type { Item } from './attributes.ts';
import type { Key } from './keys.ts';

/** An update of some attributes under a condition; `values` are what the condition compares with. */
export interface Change {
  readonly set: Item;
  readonly remove?: readonly string[];
  readonly condition: string;
  readonly values: Item;
}

/** The input of the `UpdateItem` that makes the change. */
export function updateOf(table: string, key: Key, change: Change): UpdateItemCommandInput {
  const { set, remove = [], condition, values } = change;
  const sets = Object.keys(set).map(name => `#${name} = :set_${name}`);
  const removes = remove.map(name => `#${name}`);
  const update = `SET ${sets.join(', ')}${removes.length > 0 ? ` REMOVE ${removes.join(', ')}` : ''}`;
  const setValues = Object.entries(set).map(([name, value]) => [`:set_${name}`, value]);
  return {
    TableName: table,
    Key: key,
    UpdateExpression: update,
    ConditionExpression: condition,
    ExpressionAttributeNames: namesIn(update, condition),
    ExpressionAttributeValues: { ...values, ...Object.fromEntries(setValues) },
  };
}

/** The names that the expressions stand for. */
export function namesIn(...expressions: readonly string[]): Record<string, string> {
  const names = expressions.flatMap(expression => expression.match(/#\w+/g) ?? []);
  return Object.fromEntries(names.map(name => [name, name.slice(1)]));
}
