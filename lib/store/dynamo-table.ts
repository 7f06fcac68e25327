/** The table on DynamoDB, by either transport. */

import { unavailable } from '../domain/errors.ts';
import type { Change, Condition, Item, Key, Page, QueryRange, ScanRange, Table } from '../ports/table.ts';
import { type BytesForm, decodeItem, Expressions, encodeAttributes, type WireItem } from './conditions.ts';

export type DynamoOperation =
  | 'BatchGetItem'
  | 'DeleteItem'
  | 'ExecuteStatement'
  | 'GetItem'
  | 'PutItem'
  | 'Query'
  | 'Scan'
  | 'UpdateItem';

/** How requests reach DynamoDB: the SDK (sdk-transport.ts), or the client in lib/aws with bytes in base64. */
export interface DynamoTransport {
  readonly bytes: BytesForm;
  /** Rejects with an error named as AWS names it, or as the network does. */
  send(operation: DynamoOperation, input: object, signal?: AbortSignal): Promise<unknown>;
}

interface GetOutput {
  readonly Item?: WireItem;
}

interface PageOutput {
  readonly Items?: readonly WireItem[];
  readonly LastEvaluatedKey?: WireItem;
}

interface BatchOutput {
  readonly Responses?: Readonly<Record<string, readonly WireItem[]>>;
  readonly UnprocessedKeys?: Readonly<Record<string, { readonly Keys: readonly WireItem[] }>>;
}

/** The table of that name. */
export function dynamoTable(name: string, transport: DynamoTransport): Table {
  const at: At = { table: name, transport };
  return {
    get: async key => {
      const render = () => ({ Key: wireKey(key), ConsistentRead: true });
      const output = (await send(at, { operation: 'GetItem', render }).catch(refuse)) as GetOutput;
      return output.Item && decodeItem(output.Item);
    },
    batchGet: keys => batchGet(at, keys),
    query: range => query(at, range),
    scan: range => scan(at, range),
    insert: item => insert(at, item),
    put: ({ pk, sk, ...attributes }, condition, signal) => {
      const render = (expressions: Expressions) => ({
        Item: { ...wireKey({ pk, sk }), ...encodeAttributes(attributes, transport.bytes) },
        ...conditionOf(expressions, condition),
      });
      return write(at, { operation: 'PutItem', render, signal });
    },
    update: (key, change, condition, signal) => {
      const render = (expressions: Expressions) => ({
        Key: wireKey(key),
        ...updateOf(expressions, change),
        ...conditionOf(expressions, condition),
      });
      return write(at, { operation: 'UpdateItem', render, signal });
    },
    delete: (key, condition) => {
      const render = (expressions: Expressions) => ({
        Key: wireKey(key),
        ...conditionOf(expressions, condition),
      });
      return write(at, { operation: 'DeleteItem', render });
    },
  };
}

interface At {
  readonly table: string;
  readonly transport: DynamoTransport;
}

/** Makes the members of a request but for what its expressions stand for. */
type Render = (expressions: Expressions) => object;

function wireKey({ pk, sk }: Key): object {
  return { pk: { S: pk }, sk: { S: sk } };
}

function conditionOf(expressions: Expressions, condition: Condition | undefined): object {
  return condition === undefined ? {} : { ConditionExpression: expressions.condition(condition) };
}

function updateOf(expressions: Expressions, change: Change): object {
  const update = expressions.update(change);
  return update === undefined ? {} : { UpdateExpression: update };
}

/**
 * By the statement of PartiQL that adds an item and never replaces one. IAM permits it by an action of its own, whereas
 * a role that may send `PutItem` may also leave out the condition.
 */
async function insert({ table, transport }: At, { pk, sk, ...attributes }: Item): Promise<boolean> {
  try {
    const item = { ...wireKey({ pk, sk }), ...encodeAttributes(attributes, transport.bytes) };
    const names = Object.keys(item).map(attribute => `'${attribute}': ?`);
    await transport.send('ExecuteStatement', {
      Statement: `INSERT INTO "${table}" VALUE {${names.join(', ')}}`,
      Parameters: Object.values(item),
    });
    return true;
  } catch (error) {
    // DynamoDB Local leaves the end of the name out.
    return isNamed(error, /^DuplicateItem(?:Exception)?$/) ? false : refuse(error);
  }
}

interface Request {
  readonly operation: DynamoOperation;
  readonly render: Render;
  readonly signal?: AbortSignal | undefined;
}

async function send({ table, transport }: At, { operation, render, signal }: Request): Promise<unknown> {
  const expressions = new Expressions(transport.bytes);
  const members = render(expressions);
  return transport.send(operation, { TableName: table, ...members, ...expressions.members() }, signal);
}

/** Whether the condition held; throws `unavailable` for every other error. */
function write(at: At, request: Request): Promise<boolean> {
  return send(at, request).then(
    () => true,
    error => (isNamed(error, /^ConditionalCheckFailedException$/) ? false : refuse(error)),
  );
}

function isNamed(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && pattern.test(error.name);
}

function refuse(cause: unknown): never {
  const reason = `store: ${cause instanceof Error ? cause.name : 'unknown error'}`;
  throw unavailable(reason, { retryAfterSeconds: 1, cause });
}

/** What DynamoDB does not process is asked for once more; what is then still missing is no absence. */
async function batchGet({ table, transport }: At, keys: readonly Key[]): Promise<readonly Item[]> {
  const items: Item[] = [];
  let missing: readonly object[] = keys.map(wireKey);
  for (let attempt = 0; attempt < 2 && missing.length > 0; attempt++) {
    const input = { RequestItems: { [table]: { Keys: missing, ConsistentRead: true } } };
    const output = (await transport.send('BatchGetItem', input).catch(refuse)) as BatchOutput;
    items.push(...(output.Responses?.[table] ?? []).map(decodeItem));
    missing = output.UnprocessedKeys?.[table]?.Keys ?? [];
  }
  if (missing.length > 0) throw unavailable('store: unprocessed keys', { retryAfterSeconds: 1 });
  return items;
}

async function query(at: At, range: QueryRange): Promise<Page<string>> {
  const { pk, prefix, after, descending = false } = range;
  const page = await readPage(at, 'Query', expressions => {
    const partition = `${expressions.name('pk')} = ${expressions.value(pk)}`;
    const isBegun = () => `begins_with(${expressions.name('sk')}, ${expressions.value(prefix)})`;
    return {
      // DynamoDB refuses an empty prefix, which every key has.
      KeyConditionExpression: prefix === '' ? partition : `${partition} AND ${isBegun()}`,
      ScanIndexForward: !descending,
      ...(after === undefined ? {} : { ExclusiveStartKey: wireKey({ pk, sk: after }) }),
      ...boundsOf(expressions, range),
    };
  });
  return { items: page.items, next: page.next?.sk };
}

function scan(at: At, range: ScanRange): Promise<Page<Key>> {
  const { after, attributes } = range;
  return readPage(at, 'Scan', expressions => {
    const names = attributes && [...new Set(['pk', 'sk', ...attributes])];
    return {
      ...(after === undefined ? {} : { ExclusiveStartKey: wireKey(after) }),
      ...(names && { ProjectionExpression: names.map(name => expressions.name(name)).join(', ') }),
      ...boundsOf(expressions, range),
    };
  });
}

function boundsOf(expressions: Expressions, { limit, where }: Pick<QueryRange, 'limit' | 'where'>): object {
  return {
    ConsistentRead: true,
    ...(limit === undefined ? {} : { Limit: limit }),
    ...(where === undefined ? {} : { FilterExpression: expressions.condition(where) }),
  };
}

async function readPage(at: At, operation: 'Query' | 'Scan', render: Render): Promise<Page<Key>> {
  const output = (await send(at, { operation, render }).catch(refuse)) as PageOutput;
  return {
    items: (output.Items ?? []).map(decodeItem),
    next: output.LastEvaluatedKey && decodeItem(output.LastEvaluatedKey),
  };
}
