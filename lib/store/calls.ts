/** What several stores do with the table in the same way. */
import type { RandomBytes } from '../ports/system.ts';
import type { Item, Key, QueryRange, Table } from '../ports/table.ts';

export interface StoreOptions {
  readonly table: Table;
  readonly randomBytes: RandomBytes;
}

const WRITE_ID_BYTES = 16;

/** A fresh `lastWrite`, which names one logical write. */
export function newWriteId(randomBytes: RandomBytes): string {
  return Buffer.from(randomBytes(WRITE_ID_BYTES)).toString('base64url');
}

/** A conditional write of an item, and the `lastWrite` that it stores. */
export interface IdentifiedWrite {
  readonly key: Key;
  readonly writeId: string;
  /** Whether the condition held. */
  readonly done: Promise<boolean>;
}

/**
 * Whether the write is in the table. A request that timed out may have been applied: then the condition of its
 * repetition fails, and the item has the id of this write.
 */
export async function confirmWrite(table: Table, { key, writeId, done }: IdentifiedWrite): Promise<boolean> {
  return (await done) || (await table.get(key))?.lastWrite === writeId;
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
