/** The SQLite file behind the table: open in one process alone, and after an I/O error opened and checked anew before it is used. */
import { accessSync, constants, statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { messageOf, unavailable } from '../domain/errors.ts';
import { checkLog } from './sqlite-log.ts';

/** "PULL" as SQLite keeps it: whose file this is. */
const APPLICATION_ID = 0x50554c4c;
const SCHEMA_VERSION = 1;

const SCHEMA = `
  CREATE TABLE item (
    pk TEXT NOT NULL,
    sk TEXT NOT NULL,
    attributes TEXT NOT NULL,
    checksum INTEGER NOT NULL,
    PRIMARY KEY (pk, sk)
  ) STRICT, WITHOUT ROWID;
  PRAGMA application_id = ${APPLICATION_ID};
  PRAGMA user_version = ${SCHEMA_VERSION};`;

/** Behind every text that begins with the parameter: no character has the byte FF. */
const BEHIND_PREFIX = "? || CAST(X'FF' AS TEXT)";

const STATEMENTS = {
  get: 'SELECT attributes, checksum FROM item WHERE pk = ? AND sk = ?',
  put: `INSERT INTO item VALUES (?, ?, ?, ?)
    ON CONFLICT DO UPDATE SET attributes = excluded.attributes, checksum = excluded.checksum`,
  delete: 'DELETE FROM item WHERE pk = ? AND sk = ?',
  ascending: `SELECT * FROM item
    WHERE pk = ? AND sk >= ? AND sk < ${BEHIND_PREFIX} AND sk > ? ORDER BY sk LIMIT ?`,
  descending: `SELECT * FROM item
    WHERE pk = ? AND sk >= ? AND sk < ${BEHIND_PREFIX} ORDER BY sk DESC LIMIT ?`,
  descendingFrom: 'SELECT * FROM item WHERE pk = ? AND sk >= ? AND sk < ? ORDER BY sk DESC LIMIT ?',
  scan: 'SELECT * FROM item WHERE (pk, sk) > (?, ?) ORDER BY pk, sk LIMIT ?',
  check: 'PRAGMA integrity_check',
  begin: 'BEGIN IMMEDIATE',
  commit: 'COMMIT',
  rollback: 'ROLLBACK',
} as const;

export type Statements = Readonly<Record<keyof typeof STATEMENTS, StatementSync>>;

/** The primary result codes of SQLite (https://sqlite.org/rescode.html). */
const BUSY = 5;
/** After these the file is not known to be good: READONLY, IOERR, CORRUPT, FULL, CANTOPEN, NOTADB. */
const FILE_ERRORS: ReadonlySet<number> = new Set([8, 10, 11, 13, 14, 26]);

export interface DatabaseOptions {
  /** How long after an I/O error the file is tried again, in milliseconds. */
  readonly recoverAfterMs?: number;
  /** With less free space on the disk nothing is written, in bytes. */
  readonly reserveBytes?: number;
}

export type Outcome = { readonly value: unknown } | { readonly error: unknown };

/** All methods throw `unavailable` when the act was not carried out, or may not have been. */
export interface Database {
  read<T>(act: (statements: Statements) => T): T;
  /** Runs the act in one transaction, which is on the disk when this returns. */
  transact<T>(act: (statements: Statements) => T): T;
  /** Runs all acts in one transaction. Each writes last, so that one which throws before has written nothing, and fails alone. */
  transactAll(acts: readonly ((statements: Statements) => unknown)[]): Outcome[];
  close(): void;
}

/** Of pages in memory. With SQLite's own 2 MB, a read among a million tokens takes 1.7 times one among 3 000. */
const CACHE_KB = 8192;
const IN_MEMORY = ':memory:';
const DEFAULTS = { recoverAfterMs: 1000, reserveBytes: 1024 * 1024 } as const;

/**
 * Opens the file (`:memory:`: in no file), and makes it if it is missing. Throws, naming the file, when another process has
 * it open, and when it is not a store of this version.
 */
export function openDatabase(path: string, options: DatabaseOptions = {}): Database {
  const { recoverAfterMs, reserveBytes } = { ...DEFAULTS, ...options };
  let connection: Connection | undefined = connect(path);
  let failure: { readonly error: unknown; readonly atMs: number } | undefined;

  /** A connection that has failed is never used again: what it holds in memory may not be what is on the disk. */
  function current(): Connection {
    if (connection !== undefined) return connection;
    if (failure !== undefined && performance.now() - failure.atMs < recoverAfterMs) throw failure.error;
    connection = reconnect(path);
    return connection;
  }

  function run<T>(act: (open: Connection) => T): T {
    try {
      return act(current());
    } catch (error) {
      // Who is answered with a failure of before does not prolong it: the file is tried again also where calls never cease.
      if (path !== IN_MEMORY && error !== failure?.error && isFileError(error)) {
        failure = { error, atMs: performance.now() };
        closeQuietly(connection?.database);
        connection = undefined;
      }
      throw storeError(path, error);
    }
  }

  function transact<T>(act: (statements: Statements) => T): T {
    return run(open => {
      checkSpace(path, reserveBytes);
      return transaction(open, act);
    });
  }

  return {
    read: act => run(({ statements }) => act(statements)),
    transact,
    transactAll: acts => transact(statements => acts.map(act => attempt(path, () => act(statements)))),
    close: () => connection?.database.close(),
  };
}

/** What SQLite itself could not do ends the transaction with all of its acts. */
function attempt(path: string, act: () => unknown): Outcome {
  try {
    return { value: act() };
  } catch (error) {
    if (primaryCode(error) !== undefined) throw error;
    return { error: storeError(path, error) };
  }
}

function storeError(path: string, error: unknown): Error {
  return unavailable(`store ${path}: ${messageOf(error)}`, { retryAfterSeconds: 1, cause: error });
}

interface Connection {
  readonly database: DatabaseSync;
  readonly statements: Statements;
}

function connect(path: string): Connection {
  let database: DatabaseSync | undefined;
  try {
    // SQLite would end the log at the damage, and delete it.
    if (path !== IN_MEMORY) checkLog(`${path}-wal`);
    database = new DatabaseSync(path);
    // The lock is taken by the first transaction, and given back by `close` alone.
    database.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL');
    database.exec(`PRAGMA cache_size = -${CACHE_KB}`);
    database.exec('BEGIN EXCLUSIVE');
    prepareSchema(database);
    database.exec('COMMIT');
    return { database, statements: prepareAll(database) };
  } catch (error) {
    closeQuietly(database);
    throw Object.assign(new Error(explain(path, error), { cause: error }), codeOf(error));
  }
}

function reconnect(path: string): Connection {
  const connection = connect(path);
  const [found] = Object.values(connection.database.prepare('PRAGMA quick_check(1)').get() ?? {});
  if (found === 'ok') return connection;
  closeQuietly(connection.database);
  throw Object.assign(new Error(`The store ${path} is damaged: ${String(found)}`), { errcode: 11 });
}

/** Throws for a database that is not ours. */
function prepareSchema(database: DatabaseSync): void {
  const read = (sql: string) => Object.values(database.prepare(sql).get() ?? {})[0];
  if (read('SELECT count(*) FROM sqlite_schema') === 0) {
    database.exec(SCHEMA);
    return;
  }
  if (read('PRAGMA application_id') !== APPLICATION_ID)
    throw new Error('it is the database of another program');
  const version = read('PRAGMA user_version');
  if (version === SCHEMA_VERSION) return;
  throw new Error(`it has version ${version}, and this program reads version ${SCHEMA_VERSION}`);
}

function prepareAll(database: DatabaseSync): Statements {
  const prepared = Object.entries(STATEMENTS).map(([name, sql]) => {
    const statement = database.prepare(sql);
    statement.setReturnArrays(true);
    return [name, statement];
  });
  return Object.fromEntries(prepared) as Statements;
}

function transaction<T>({ database, statements }: Connection, act: (statements: Statements) => T): T {
  statements.begin.run();
  try {
    const result = act(statements);
    statements.commit.run();
    return result;
  } catch (error) {
    // Some errors, such as a full disk, have ended the transaction already.
    if (database.isTransaction) statements.rollback.run();
    throw error;
  }
}

function checkSpace(path: string, reserveBytes: number): void {
  if (path === IN_MEMORY) return;
  const { bavail, bsize } = statfsSync(dirname(path));
  const free = bavail * bsize;
  if (free >= reserveBytes) return;
  throw new Error(`The disk of ${path} is full: ${free} bytes are free, ${reserveBytes} are needed.`);
}

function explain(path: string, error: unknown): string {
  if (isInUse(error)) return `Another process has the store ${path} open.`;
  const why = isReadOnly(path) ? 'its file system is read-only' : messageOf(error);
  return `The store ${path} cannot be opened: ${why}.`;
}

/** Whether the store cannot be opened where it is, however whole it is: SQLite writes its log before it reads. */
export function isReadOnly(path: string): boolean {
  try {
    accessSync(dirname(path), constants.W_OK);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EROFS';
  }
}

/** Whether opening failed because another process has the database open. */
export function isInUse(error: unknown): boolean {
  return primaryCode(error) === BUSY;
}

function isFileError(error: unknown): boolean {
  return FILE_ERRORS.has(primaryCode(error) ?? 0);
}

function codeOf(error: unknown): { errcode?: number } {
  return error instanceof Error && 'errcode' in error ? { errcode: Number(error.errcode) } : {};
}

function primaryCode(error: unknown): number | undefined {
  const { errcode } = codeOf(error);
  return errcode === undefined ? undefined : errcode & 0xff;
}

function closeQuietly(database: DatabaseSync | undefined): void {
  try {
    database?.close();
  } catch {
    // The error that led here says more.
  }
}
