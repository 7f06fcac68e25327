/** Reads a stretch of a partition, whichever client carries it out. */
import type { QueryCommandInput, QueryCommandOutput } from '@aws-sdk/client-dynamodb';
import { orUnavailable } from './answered.ts';
import type { Item } from './attributes.ts';

/** One `Query`. */
export type Query = (
  input: QueryCommandInput,
) => Promise<Pick<QueryCommandOutput, 'Items' | 'LastEvaluatedKey'>>;

/** The items of a partition whose sort keys begin with `prefix`. */
export interface Range {
  readonly pk: string;
  readonly prefix: string;
}

/** The input that reads a page of the range, strongly consistent. */
export function queryInput(
  table: string,
  { pk, prefix }: Range,
  options: Partial<QueryCommandInput>,
): QueryCommandInput {
  return {
    ...options,
    TableName: table,
    ConsistentRead: true,
    KeyConditionExpression: 'pk = :pk AND begins_with(sk, :prefix)',
    ExpressionAttributeValues: {
      ...options.ExpressionAttributeValues,
      ':pk': { S: pk },
      ':prefix': { S: prefix },
    },
  };
}

/** All items of the range, page by page. */
export async function allItems(query: Query, table: string, range: Range): Promise<Item[]> {
  const items: Item[] = [];
  let start: Item | undefined;
  do {
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    const page = await orUnavailable(query(queryInput(table, range, from)));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}
