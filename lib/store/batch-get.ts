/** Reads many items in one call, whichever client carries it out. */
import type { BatchGetItemCommandInput, BatchGetItemCommandOutput } from '@aws-sdk/client-dynamodb';
import { unavailable } from '../domain/errors.ts';
import { orUnavailable } from './answered.ts';
import type { Item } from './attributes.ts';
import type { Key } from './keys.ts';

/** One `BatchGetItem`. */
export type BatchGet = (
  input: BatchGetItemCommandInput,
) => Promise<Pick<BatchGetItemCommandOutput, 'Responses' | 'UnprocessedKeys'>>;

/**
 * The items with these keys (at most 100, without repetition), strongly consistent, in no order. What DynamoDB does
 * not process is asked for once more; what is then still missing is `unavailable`, never an absence.
 */
export async function readItems(batchGet: BatchGet, table: string, keys: readonly Key[]): Promise<Item[]> {
  const items: Item[] = [];
  let missing: Item[] = [...keys];
  for (let attempt = 0; attempt < 2 && missing.length > 0; attempt++) {
    const RequestItems = { [table]: { Keys: missing, ConsistentRead: true } };
    const answer = await orUnavailable(batchGet({ RequestItems }));
    items.push(...(answer.Responses?.[table] ?? []));
    missing = answer.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  if (missing.length > 0) throw unavailable('store: unprocessed keys', { retryAfterSeconds: 1 });
  return items;
}
