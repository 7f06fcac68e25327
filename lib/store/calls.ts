/** The calls of the SDK that the stores share. */
import {
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  type QueryCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { RandomBytes } from '../ports/system.ts';
import { conditionHolds, orUnavailable } from './answered.ts';
import type { Item } from './attributes.ts';
import { readItems } from './batch-get.ts';
import type { Key } from './keys.ts';
import { allItems, queryInput, type Range } from './query.ts';

/** The table, and the client that reaches it. */
export interface Table {
  readonly client: DynamoDBClient;
  readonly table: string;
}

const MARK_BYTES = 16;

/** A fresh `lastWrite`: the mark by which a logical write is recognised. */
export function newWriteId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(MARK_BYTES)).toString('base64url');
}

/**
 * Whether the write with this `lastWrite` is in the store. A request that timed out may have been applied: then the
 * condition of its repetition fails, and the item shows the write's own mark.
 */
export async function confirmWrite(
  at: Table,
  key: Key,
  lastWrite: string,
  call: Promise<unknown>,
): Promise<boolean> {
  if (await conditionHolds(call)) return true;
  return (await readItem(at, key))?.lastWrite?.S === lastWrite;
}

/** One item, strongly consistent. */
export async function readItem({ client, table }: Table, key: Key): Promise<Item | undefined> {
  const command = new GetItemCommand({ TableName: table, Key: key, ConsistentRead: true });
  return (await orUnavailable(client.send(command))).Item;
}

/** The items with these keys: see `readItems`. */
export function batchGet({ client, table }: Table, keys: readonly Key[]): Promise<Item[]> {
  return readItems(input => client.send(new BatchGetItemCommand(input)), table, keys);
}

/** One page of a range, strongly consistent. */
export async function queryItems(
  { client, table }: Table,
  range: Range,
  options: Partial<QueryCommandInput>,
): Promise<QueryCommandOutput> {
  return orUnavailable(client.send(new QueryCommand(queryInput(table, range, options))));
}

/** All items of a range: see `allItems`. */
export function queryAll({ client, table }: Table, range: Range): Promise<Item[]> {
  return allItems(input => client.send(new QueryCommand(input)), table, range);
}
