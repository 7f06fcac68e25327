/** A table in a map, for models that open very many of them: one in SQLite takes a millisecond to open. */

import { unavailable } from '../../lib/domain/errors.ts';
import {
  type Attributes,
  absent,
  type Condition,
  type Item,
  type Key,
  type Page,
  type QueryRange,
  type Table,
} from '../../lib/ports/table.ts';
import { changed, holds } from '../../lib/store/conditions.ts';

const PAGE_ITEMS = 1000;
const MAX_BATCH_KEYS = 100;

export function mapTable(): Table {
  const items = new Map<string, Item>();
  let order: Item[] | undefined;
  const write = async (
    key: Key,
    condition: Condition | undefined,
    change: (before: Attributes | undefined) => Attributes | undefined,
  ) => {
    const name = nameOf(key);
    const item = items.get(name);
    if (condition !== undefined && !holds(condition, item)) return false;
    const after = change(item);
    if (after !== undefined) checkNumbers(after);
    if (after === undefined) items.delete(name);
    else items.set(name, { ...key, ...after });
    order = undefined;
    return true;
  };
  const sorted = () => {
    order ??= [...items.values()].sort(compareKeys);
    return order;
  };
  return {
    get: async key => items.get(nameOf(key)),
    batchGet: async keys => {
      if (keys.length > MAX_BATCH_KEYS) throw unavailable('store: too many keys');
      return keys.map(key => items.get(nameOf(key))).filter(item => item !== undefined);
    },
    query: async ({ pk, prefix, after, descending = false, ...bounds }) => {
      const inRange = sorted().filter(item => item.pk === pk && item.sk.startsWith(prefix));
      const start = after === undefined ? undefined : { pk, sk: after };
      const rest = behind(descending ? inRange.reverse() : inRange, start, descending ? -1 : 1);
      const { items: found, next } = pageOf(rest, bounds);
      return { items: found, next: next?.sk };
    },
    scan: async ({ after, attributes, ...bounds }) => {
      const { items: found, next } = pageOf(behind(sorted(), after, 1), bounds);
      return { items: attributes === undefined ? found : found.map(item => select(item, attributes)), next };
    },
    insert: ({ pk, sk, ...attributes }) => write({ pk, sk }, absent('pk'), () => attributes),
    put: ({ pk, sk, ...attributes }, condition) => write({ pk, sk }, condition, () => attributes),
    update: async ({ pk, sk }, change, condition, signal) => {
      if (signal?.aborted) throw unavailable('store: aborted');
      return write({ pk, sk }, condition, before => changed(before, change));
    },
    delete: ({ pk, sk }, condition) => write({ pk, sk }, condition, () => undefined),
  };
}

function checkNumbers(attributes: Attributes): void {
  const isOdd = (value: unknown) => typeof value === 'number' && !Number.isSafeInteger(value);
  if (Object.values(attributes).some(isOdd)) throw unavailable('store: not a whole number');
}

/** The limits of DynamoDB for keys, in bytes of UTF-8. */
const MAX_KEY_BYTES = { pk: 2048, sk: 1024 } as const;

function checkPart(part: 'pk' | 'sk', value: string): void {
  const isAllowed = value !== '' && Buffer.byteLength(value) <= MAX_KEY_BYTES[part];
  if (!isAllowed) throw unavailable(`store: ${part} is empty or too long`);
}

function nameOf({ pk, sk }: Key): string {
  checkPart('pk', pk);
  checkPart('sk', sk);
  return JSON.stringify([pk, sk]);
}

function compareKeys(a: Key, b: Key): number {
  return compareBytes(a.pk, b.pk) || compareBytes(a.sk, b.sk);
}

function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

function behind(items: readonly Item[], start: Key | undefined, direction: -1 | 1): readonly Item[] {
  return start === undefined ? items : items.filter(item => compareKeys(item, start) * direction > 0);
}

function pageOf(
  items: readonly Item[],
  { limit = PAGE_ITEMS, where }: Pick<QueryRange, 'limit' | 'where'>,
): Page<Key> {
  const examined = items.slice(0, limit);
  const last = examined.length < limit ? undefined : examined.at(-1);
  return {
    items: where === undefined ? examined : examined.filter(item => holds(where, item)),
    next: last && { pk: last.pk, sk: last.sk },
  };
}

function select(item: Item, attributes: readonly string[]): Item {
  const wanted = new Set(['pk', 'sk', ...attributes]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Item;
}
