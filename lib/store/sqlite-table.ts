/** The table in one SQLite file, for `npm start`: in this process, with no port between. */
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { unavailable } from '../domain/errors.ts';
import type { Attributes, Condition, Item, Key, QueryRange, ScanRange, Table } from '../ports/table.ts';
import { changed, holds } from './conditions.ts';
import { decodeAttributes, encodeAttributes } from './sqlite-row.ts';

export interface SqliteTable extends Table {
  /** Writes all items in one transaction: after a crash, all of them or none are there. */
  putAll(items: Iterable<Item>): void;
  close(): void;
}

/** "PULL" as SQLite keeps it: whose file this is. */
const APPLICATION_ID = 0x50554c4c;
const SCHEMA_VERSION = 1;

/** Items of a page that states no limit: a page blocks the process while it is read. */
const PAGE_ITEMS = 1000;
const MAX_BATCH_KEYS = 100;
/** The limits of DynamoDB for keys, in bytes of UTF-8. */
const MAX_KEY_BYTES = { pk: 2048, sk: 1024 } as const;

const SQLITE_BUSY = 5;

const SCHEMA = `
  CREATE TABLE item (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    attributes TEXT NOT NULL,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Behind every text that begins with the parameter: no character has the byte FF. */
const BEHIND_PREFIX = "? || CAST(X'FF' AS TEXT)";

const STATEMENTS = {
  get: 'SELECT attributes FROM item WHERE pk = ? AND sk = ?',
  put: 'INSERT INTO item VALUES (?, ?, ?) ON CONFLICT DO UPDATE SET attributes = excluded.attributes',
  delete: 'DELETE FROM item WHERE pk = ? AND sk = ?',
  ascending: `SELECT pk, sk, attributes FROM item
    WHERE pk = ? AND sk >= ? AND sk < ${BEHIND_PREFIX} AND sk > ? ORDER BY sk LIMIT ?`,
  descending: `SELECT pk, sk, attributes FROM item
    WHERE pk = ? AND sk >= ? AND sk < ${BEHIND_PREFIX} ORDER BY sk DESC LIMIT ?`,
  descendingFrom: `SELECT pk, sk, attributes FROM item
    WHERE pk = ? AND sk >= ? AND sk < ? ORDER BY sk DESC LIMIT ?`,
  scan: 'SELECT pk, sk, attributes FROM item WHERE (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?',
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
} as const;

type Row = readonly [pk: string, sk: string, attributes: string];

/**
 * Opens the table in the file (`:memory:`: in no file), and makes it if it is missing. What a method has answered is on
 * the disk. Throws, naming the file, when another process has it open, and when it is not a store of this version.
 */
export function openSqliteTable(path: string): SqliteTable {
  const database = openDatabase(path);
  const statements = prepareAll(database);
  const transact = <T>(act: () => T): T => transaction(database, statements, act);
  const write = (key: Key, condition: Condition | undefined, act: (before: Attributes | undefined) => void) =>
    transact(() => {
      const before = readRow(statements, key);
      const isAllowed = condition === undefined || holds(condition, before && { ...before, ...key });
      if (isAllowed) act(before);
      return isAllowed;
    });
  const store = ({ pk, sk }: Key, attributes: Attributes) =>
    statements.put.run(pk, sk, encodeAttributes(attributes));
  return {
    get: async key => orUnavailable(() => readItem(statements, key)),
    batchGet: async keys =>
      orUnavailable(() => {
        if (keys.length > MAX_BATCH_KEYS) throw new RangeError(`more than ${MAX_BATCH_KEYS} keys`);
        return keys.map(key => readItem(statements, key)).filter(item => item !== undefined);
      }),
    query: async range => orUnavailable(() => query(statements, range)),
    scan: async range => orUnavailable(() => scan(statements, range)),
    put: async ({ pk, sk, ...attributes }, condition) =>
      write({ pk, sk }, condition, () => store({ pk, sk }, attributes)),
    update: async (key, change, condition, signal) => {
      orUnavailable(() => signal?.throwIfAborted());
      return write(key, condition, before => store(key, changed(before, change)));
    },
    delete: async (key, condition) => write(key, condition, () => statements.delete.run(key.pk, key.sk)),
    putAll: items =>
      transact(() => {
        for (const { pk, sk, ...attributes } of items) store({ pk, sk }, attributes);
      }),
    close: () => database.close(),
  };
}

function openDatabase(path: string): DatabaseSync {
  let database: DatabaseSync | undefined;
  try {
    database = new DatabaseSync(path);
    // The lock is taken by the first transaction, and given back by `close` alone.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec('BEGIN EXCLUSIVE');
    prepareSchema(database);
    database.exec('COMMIT');
    return database;
  } catch (error) {
    database?.close();
    throw new Error(explain(path, error), { cause: error });
  }
}

/** Throws for a database that is not ours. */
function prepareSchema(database: DatabaseSync): void {
  const read = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  const isEmpty = read('SELECT count(*) FROM sqlite_schema') === 0;
  if (isEmpty) {
    database.exec(SCHEMA);
    return;
  }
  if (read('PRAGMA application_id') !== APPLICATION_ID)
    throw new Error('it is the database of another program');
  const version = read('PRAGMA user_version');
  if (version === SCHEMA_VERSION) return;
  throw new Error(`it has version ${version}, and this program reads version ${SCHEMA_VERSION}`);
}

function explain(path: string, error: unknown): string {
  if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) {
    return `Another process has the store ${path} open.`;
  }
  return `The store ${path} cannot be opened: ${error instanceof Error ? error.message : String(error)}.`;
}

type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

function prepareAll(database: DatabaseSync): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return [name, statement];
  });
  return Object.fromEntries(prepared) as Statements;
}

function transaction<T>(database: DatabaseSync, statements: Statements, act: () => T): T {
  return orUnavailable(() => {
    statements.begin.run();
    try {
      const result = act();
      statements.commit.run();
      return result;
    } catch (error) {
      // Some errors, such as a full disk, have ended the transaction already.
      if (database.isTransaction) statements.rollback.run();
      throw error;
    }
  });
}

function orUnavailable<T>(act: () => T): T {
  try {
    return act();
  } catch (cause) {
    const reason = `store: ${cause instanceof Error ? cause.message : String(cause)}`;
    throw unavailable(reason, { retryAfterSeconds: 1, cause });
  }
}

function readRow(statements: Statements, { pk, sk }: Key): Attributes | undefined {
  checkKey('pk', pk);
  checkKey('sk', sk);
  const row = statements.get.get(pk, sk) as unknown as readonly [string] | undefined;
  return row && decodeAttributes(row[0]);
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
  const items = rows.map(([pk, sk, attributes]) => toItem({ pk, sk }, decodeAttributes(attributes)));
  return where === undefined ? items : items.filter(item => holds(where, item));
}

function select(item: Item, attributes: readonly string[]): Item {
  const wanted = new Set(['pk', 'sk', ...attributes]);
  return Object.fromEntries(Object.entries(item).filter(([name]) => wanted.has(name))) as Item;
}
