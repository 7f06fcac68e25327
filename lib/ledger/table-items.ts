/** What a table says of itself: which it is, when it was last in use, and how far the ledger was replayed into it. */
import { orUnavailable } from './answered.ts';
import type { TableAt } from './table-ledger.ts';

/** The table's own word; `id` undefined: it has none. */
export interface TableWord {
  readonly id: string | undefined;
  readonly usedAt: number | undefined;
}

type Item = Readonly<Record<string, { readonly S?: string; readonly N?: string }>>;
type Key = Readonly<Record<'pk' | 'sk', { readonly S: string }>>;

const IDENTITY: Key = { pk: { S: 'table' }, sk: { S: 'identity' } };
const PROGRESS: Key = { pk: { S: 'table' }, sk: { S: 'replay' } };

export async function readWord(at: TableAt): Promise<TableWord> {
  const item = await getItem(at, IDENTITY);
  return { id: item?.id?.S, usedAt: item?.usedAt?.N === undefined ? undefined : Number(item.usedAt.N) };
}

/** Without an id whoever asks is told that the table is not the ledger's. */
export async function writeWord({ call, table }: TableAt, { id, usedAt }: TableWord): Promise<void> {
  const Item = {
    ...IDENTITY,
    ...(id === undefined ? {} : { id: { S: id } }),
    ...(usedAt === undefined ? {} : { usedAt: { N: String(usedAt) } }),
  };
  await orUnavailable(call('PutItem', { TableName: table, Item }));
}

/** Notes that the table is in use, unless it has become another meanwhile. */
export async function noteUse({ call, table }: TableAt, id: string, nowMs: number): Promise<void> {
  const input = {
    TableName: table,
    Key: IDENTITY,
    UpdateExpression: 'SET usedAt = :now',
    ConditionExpression: 'id = :id',
    ExpressionAttributeValues: { ':now': { N: String(nowMs) }, ':id': { S: id } },
  };
  await orUnavailable(call('UpdateItem', input), 'ConditionalCheckFailedException');
}

export async function isEmpty({ call, table }: TableAt): Promise<boolean> {
  const input = { TableName: table, Limit: 1, ConsistentRead: true };
  const answer = (await orUnavailable(call('Scan', input))) as { readonly Items?: readonly unknown[] };
  return answer.Items?.length === 0;
}

export async function readProgress(at: TableAt): Promise<string | undefined> {
  return (await getItem(at, PROGRESS))?.next?.S;
}

export async function writeProgress({ call, table }: TableAt, next: string | undefined): Promise<void> {
  await orUnavailable(
    next === undefined
      ? call('DeleteItem', { TableName: table, Key: PROGRESS })
      : call('PutItem', { TableName: table, Item: { ...PROGRESS, next: { S: next } } }),
  );
}

/** One item, strongly consistent. */
export async function getItem({ call, table }: TableAt, key: Key): Promise<Item | undefined> {
  const answer = await orUnavailable(call('GetItem', { TableName: table, Key: key, ConsistentRead: true }));
  return (answer as { readonly Item?: Item }).Item;
}
