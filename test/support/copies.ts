/** Copies of tables, as a restore makes them. */
import {
  PutItemCommand,
  type PutItemCommandInput,
  ScanCommand,
  type ScanCommandOutput,
} from '@aws-sdk/client-dynamodb';
import type { Table } from '../../lib/store/calls.ts';
import { inBatches } from './batches.ts';

type Items = NonNullable<ScanCommandOutput['Items']>;

/** All that is in a table now. */
export async function itemsOf({ client, table }: Table): Promise<Items> {
  const items: Items = [];
  let start: Items[number] | undefined;
  do {
    const from = start === undefined ? {} : { ExclusiveStartKey: start };
    const page = await client.send(new ScanCommand({ TableName: table, ConsistentRead: true, ...from }));
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start !== undefined);
  return items;
}

export async function fill({ client, table }: Table, items: Items): Promise<void> {
  await inBatches(items, async Item => {
    const input: PutItemCommandInput = { TableName: table, Item };
    await client.send(new PutItemCommand(input));
  });
}
