/** The table in one SQLite file, for `npm start`: in this process, with no port between. */

import { crc32 } from 'node:zlib';
import { unavailable } from '../domain/errors.ts';
import {
  type Attributes,
  absent,
  type Condition,
  type Item,
  type Key,
  type QueryRange,
  type ScanRange,
  type Table,
  type Value,
} from '../ports/table.ts';
import { changed, holds } from './conditions.ts';
import { type DatabaseOptions, openDatabase, type Statements } from './sqlite-database.ts';
import { groupedWrites } from './sqlite-writes.ts';

type StoredObject = string[] | { bytes: string } | { map: Record<string, string> };

/** Texts, numbers, lists of texts and null are themselves. */
type Stored = string | number | null | StoredObject;

function encodeAttributes(attributes: Attributes): string {
  const stored: Record<string, Stored> = {};
  for (const name of Object.keys(attributes)) {
    const value = attributes[name];
    if (value !== undefined) stored[name] = encode(value);
  }
  return JSON.stringify(stored);
}

function decodeAttributes(json: string): Attributes {
  const values = JSON.parse(json) as Record<string, unknown>;
  for (const name of Object.keys(values)) {
    const value = values[name];
    if (typeof value === 'object' && value !== null) values[name] = decode(value as StoredObject);
  }
  return values as Attributes;
}

function encode(value: Value): Stored {
  if (typeof value === 'number' && !Number.isSafeInteger(value))
    throw new RangeError(`no whole number: ${value}`);
  if (value === null || typeof value !== 'object') return value;
  if (Array.isArray(value)) return value;
  if (value instanceof Uint8Array) return { bytes: Buffer.from(value).toString('base64') };
  return { map: value as Record<string, string> };
}

function decode(value: StoredObject): Value {
  if (Array.isArray(value)) return value;
  return 'bytes' in value ? Buffer.from(value.bytes, 'base64') : value.map;
}

export interface SqliteTable extends Table {
  /** Writes all items in one transaction: after a crash, all of them or none are there. */
  putAll(items: Iterable<Item>): void;
  /** What is damaged, in the file and in each row; none: nothing. */
  findDamage(): string[];
  close(): void;
}

/** Items of a page that states no limit: a page blocks the process while it is read. */
const PAGE_ITEMS = 1000;

const MAX_BATCH_KEYS = 100;

/** The limits of DynamoDB for keys, in bytes of UTF-8. */
const MAX_KEY_BYTES = { pk: 2048, sk: 1024 } as const;

type Row = readonly [pk: string, sk: string, attributes: string, checksum: number];

/** Opens the table in a file: see `openDatabase`. What a method has answered is on the disk. */
export function openSqliteTable(path: string, options?: DatabaseOptions): SqliteTable {
  const database = openDatabase(path, options);
  const writes = groupedWrites(database);
  const write = (
    key: Key,
    condition: Condition | undefined,
    act: (statements: Statements, before: Attributes | undefined) => void,
  ) =>
    writes.run(statements => {
      const before = readRow(statements, key);
      const isAllowed = condition === undefined || holds(condition, before && { ...before, ...key });
      if (isAllowed) act(statements, before);
      return isAllowed;
    });
  return {
    get: async key => database.read(statements => readItem(statements, key)),
    batchGet: async keys =>
      database.read(statements => {
        if (keys.length > MAX_BATCH_KEYS) throw new RangeError(`more than ${MAX_BATCH_KEYS} keys`);
        return keys.map(key => readItem(statements, key)).filter(item => item !== undefined);
      }),
    query: async range => database.read(statements => query(statements, range)),
    scan: async range => database.read(statements => scan(statements, range)),
    insert: async ({ pk, sk, ...attributes }) =>
      write({ pk, sk }, absent('pk'), statements => store(statements, { pk, sk }, attributes)),
    put: async ({ pk, sk, ...attributes }, condition) =>
      write({ pk, sk }, condition, statements => store(statements, { pk, sk }, attributes)),
    update: async (key, change, condition, signal) => {
      if (signal?.aborted === true) throw unavailable('store: the call was given up');
      return write(key, condition, (statements, before) => store(statements, key, changed(before, change)));
    },
    delete: async (key, condition) =>
      write(key, condition, statements => statements.delete.run(key.pk, key.sk)),
    putAll: items =>
      database.transact(statements => {
        for (const { pk, sk, ...attributes } of items) store(statements, { pk, sk }, attributes);
      }),
    findDamage: () => database.read(findDamage),
    close: () => {
      writes.flush();
      database.close();
    },
  };
}

function store(statements: Statements, { pk, sk }: Key, attributes: Attributes): void {
  const text = encodeAttributes(attributes);
  statements.put.run(pk, sk, text, checksumOf(pk, sk, text));
}

function readRow(statements: Statements, { pk, sk }: Key): Attributes | undefined {
  checkKey('pk', pk);
  checkKey('sk', sk);
  const row = statements.get.get(pk, sk) as unknown as readonly [string, number] | undefined;
  return row && attributesIn([pk, sk, ...row]);
}

/** Throws for a row of which a byte is not as it was written: it grants nothing, and hides nothing. */
function attributesIn(row: Row): Attributes {
  const [pk, sk, attributes] = row;
  if (isDamaged(row)) throw new Error(`the item ${pk} ${sk} is damaged`);
  return decodeAttributes(attributes);
}

function findDamage(statements: Statements): string[] {
  const found = (statements.check.all() as unknown as [string][]).map(([text]) => text);
  if (found.join() !== 'ok') return found;
  const damage: string[] = [];
  let rows: Row[] = [];
  do {
    const [pk, sk] = rows.at(-1) ?? ['', ''];
    rows = statements.scan.all(pk, sk, PAGE_ITEMS) as unknown as Row[];
    for (const row of rows) if (isDamaged(row)) damage.push(`the item ${row[0]} ${row[1]} is damaged`);
  } while (rows.length > 0);
  return damage;
}

function isDamaged([pk, sk, attributes, checksum]: Row): boolean {
  return checksumOf(pk, sk, attributes) !== checksum;
}

function checksumOf(pk: string, sk: string, attributes: string): number {
  return crc32(`${pk}\0${sk}\0${attributes}`);
}

function checkKey(part: 'pk' | 'sk', value: string): void {
  const isAllowed = value !== '' && Buffer.byteLength(value) <= MAX_KEY_BYTES[part];
  if (!isAllowed) throw new RangeError(`${part} is empty or has more than ${MAX_KEY_BYTES[part]} bytes`);
}

function readItem(statements: Statements, key: Key): Item | undefined {
  const attributes = readRow(statements, key);
  return attributes && toItem(key, attributes);
}

function toItem({ pk, sk }: Key, attributes: Attributes): Item {
  return { pk, sk, ...attributes };
}

function query(statements: Statements, range: QueryRange): { items: Item[]; next: string | undefined } {
  const { limit = PAGE_ITEMS, where } = range;
  const rows = rowsOf(statements, range, limit);
  return { items: itemsOf(rows, where), next: rows.length < limit ? undefined : rows.at(-1)?.[1] };
}

function rowsOf(statements: Statements, { pk, prefix, after, descending }: QueryRange, limit: number): Row[] {
  const rows =
    descending !== true
      ? statements.ascending.all(pk, prefix, prefix, after ?? '', limit)
      : after === undefined
        ? statements.descending.all(pk, prefix, prefix, limit)
        : statements.descendingFrom.all(pk, prefix, after, limit);
  return rows as unknown as Row[];
}

function scan(statements: Statements, range: ScanRange): { items: Item[]; next: Key | undefined } {
  const { after, limit = PAGE_ITEMS, where, attributes } = range;
  const rows = statements.scan.all(after?.pk ?? '', after?.sk ?? '', limit) as unknown as Row[];
  const items = itemsOf(rows, where);
  const last = rows.length < limit ? undefined : rows.at(-1);
  return {
    items: attributes === undefined ? items : items.map(item => select(item, attributes)),
    next: last && { pk: last[0], sk: last[1] },
  };
}

function itemsOf(rows: readonly Row[], where: Condition | undefined): Item[] {
  const items = rows.map(row => toItem({ pk: row[0], sk: row[1] }, attributesIn(row)));
  return where === undefined ? items : items.filter(item => holds(where, item));
}

function select(item: Item, attributes: readonly string[]): Item {
  const wanted = new Set(['pk', 'sk', ...attributes]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Item;
}
