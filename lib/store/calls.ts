/** What stores do with the table in the same way, and how its calls are counted. */

import type { Metrics, RandomBytes } from '../ports/system.ts';
import type { Attributes, Item, Key, QueryRange, Table } from '../ports/table.ts';

export interface StoreOptions {
  readonly table: Table;
  readonly randomBytes: RandomBytes;
}

const WRITE_ID_BYTES = 16;

/**
 * So many of its last writes an item remembers, one in each of the attributes `write0` to `write7`: a write that is sent
 * twice recognises itself although others came in between.
 */
const REMEMBERED_WRITES = 8;

/** A conditional write of one item. */
export interface IdentifiedWrite {
  readonly key: Key;
  /** Which write of the item it is. The condition lets only one write with that number through. */
  readonly number: number;
  /** Sends the write, which also sets these attributes; answers whether its condition held. */
  readonly send: (writeId: Attributes) => Promise<boolean>;
}

/**
 * Whether the write is in the table. A request without an answer may have been applied: then the condition of its
 * repetition fails, or the call ends with an error, and the item has the id of this write.
 */
export async function confirmWrite(
  { table, randomBytes }: StoreOptions,
  { key, number, send }: IdentifiedWrite,
): Promise<boolean> {
  const attribute = `write${number % REMEMBERED_WRITES}`;
  const id = Buffer.from(randomBytes(WRITE_ID_BYTES)).toString('base64url');
  const isStored = async () => (await table.get(key))?.[attribute] === id;
  try {
    return (await send({ [attribute]: id })) || (await isStored());
  } catch (error) {
    if (await isStored().catch(() => false)) return true;
    throw error;
  }
}

/** All items of a range, page by page. */
export async function queryAll(table: Table, range: Pick<QueryRange, 'pk' | 'prefix'>): Promise<Item[]> {
  const items: Item[] = [];
  let after: string | undefined;
  do {
    const page = await table.query({ ...range, after });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

/** A table whose calls are counted, each once however many requests it takes. */
export function countedTable(table: Table, metrics: Metrics): Table {
  async function counted<T>(call: Promise<T>, signal?: AbortSignal): Promise<T> {
    metrics.count('StoreCalls');
    try {
      return await call;
    } catch (error) {
      // A call that its caller gave up did not fail.
      if (signal?.aborted !== true) metrics.count('StoreFailures');
      throw error;
    }
  }
  return {
    get: key => counted(table.get(key)),
    batchGet: keys => counted(table.batchGet(keys)),
    query: range => counted(table.query(range)),
    scan: range => counted(table.scan(range)),
    insert: item => counted(table.insert(item)),
    put: (item, condition, signal) => counted(table.put(item, condition, signal), signal),
    update: (key, change, condition, signal) => counted(table.update(key, change, condition, signal), signal),
    delete: (key, condition) => counted(table.delete(key, condition)),
  };
}
