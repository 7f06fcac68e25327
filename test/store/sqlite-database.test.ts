/** The SQLite file after an error of its disk: closed, left alone for a moment, and opened and checked anew before it is used. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { PullpassError } from '../../lib/domain/errors.ts';
import { type Database, isInUse, openDatabase, type Statements } from '../../lib/store/sqlite-database.ts';

let directory: string;
let path: string;
let opened: Database[];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pullpass-database-'));
  path = join(directory, 'store.db');
  opened = [];
});
afterEach(() => {
  vi.useRealTimers();
  for (const each of opened) each.close();
  rmSync(directory, { recursive: true });
});

function open(...[at = path, options]: Partial<Parameters<typeof openDatabase>>): Database {
  const database = openDatabase(at, options);
  opened.push(database);
  return database;
}

/** As SQLite throws it. */
function sqliteError(errcode: number): Error {
  return Object.assign(new Error('disk I/O error'), { errcode });
}

function throwing(error: unknown): () => never {
  return () => {
    throw error;
  };
}

function errorOf(act: () => unknown): PullpassError {
  try {
    act();
  } catch (error) {
    if (error instanceof PullpassError) return error;
  }
  return expect.fail('nothing was thrown');
}

const reasonOf = (act: () => unknown) => errorOf(act).details.reason;
const put = (sk: string) => (statements: Statements) => statements.put.run('pk', sk, '{}', 0);
const isThere = (sk: string) => (statements: Statements) => statements.get.get('pk', sk) !== undefined;
const statementsOf = (database: Database) => database.read(statements => statements);

/** Whether its connection is open. */
function isOpen(statements: Statements): boolean {
  try {
    statements.get.get('pk', 'sk');
    return true;
  } catch {
    return false;
  }
}

describe('an error of the disk', () => {
  it.each([
    ['a file that may not be written', 8],
    ['input or output', 10],
    ['input or output, in detail', 10 + (12 << 8)],
    ['a damaged page', 11],
    ['a full disk', 13],
    ['a file that cannot be opened', 14],
    ['a file that is no database', 26],
  ])('closes the file, and the next call has it anew: %s', (_, code) => {
    const database = open(path, { recoverAfterMs: 0 });
    database.transact(put('a'));
    const before = statementsOf(database);
    const error = errorOf(() => database.read(throwing(sqliteError(code))));
    expect(error).toMatchObject({
      code: 'unavailable',
      details: { reason: `store ${path}: disk I/O error`, retryAfterSeconds: 1, cause: expect.any(Error) },
    });
    expect(isOpen(before)).toBe(false);
    expect(database.read(isThere('a'))).toBe(true);
    database.transact(put('b'));
    expect(database.read(isThere('b'))).toBe(true);
  });

  it.each<[what: string, error: unknown]>([
    ['of SQL', sqliteError(1)],
    ['of a constraint', sqliteError(19)],
    ['without a code', new Error('no')],
    ['that is a text', 'no'],
  ])('is none %s: the file stays open', (_, error) => {
    const database = open();
    const before = statementsOf(database);
    expect(reasonOf(() => database.read(throwing(error)))).toMatch(/^store .*: (?:no|disk I\/O error)$/);
    expect(statementsOf(database)).toBe(before);
    expect(isOpen(before)).toBe(true);
  });

  it('is answered for a second by every call, with no look at the file', () => {
    vi.useFakeTimers({ toFake: ['performance'] });
    vi.advanceTimersByTime(60_000);
    const database = open();
    expect(() => database.read(throwing(sqliteError(10)))).toThrow();
    const act = vi.fn();
    for (const ms of [0, 998, 1]) {
      vi.advanceTimersByTime(ms);
      expect(reasonOf(() => database.read(act))).toContain('disk I/O error');
      expect(reasonOf(() => database.transact(act))).toContain('disk I/O error');
    }
    expect(act).not.toHaveBeenCalled();
    expect(existsSync(`${path}-wal`)).toBe(false);
    vi.advanceTimersByTime(1);
    expect(database.read(() => 'again')).toBe('again');
  });

  it('leaves a table in memory as it is', () => {
    const database = open(':memory:');
    database.transact(put('a'));
    expect(() => database.read(throwing(sqliteError(10)))).toThrow();
    expect(database.read(isThere('a'))).toBe(true);
  });

  it('leaves nothing to close, until the file is open again', () => {
    const database = openDatabase(path);
    expect(() => database.read(throwing(sqliteError(10)))).toThrow();
    database.close();
  });
});

describe('a file that was damaged while it was open', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));

  /** A store of many pages, one of which is overwritten before its next error. */
  function damaged(recoverAfterMs = 0) {
    const database = open(path, { recoverAfterMs });
    database.transact(statements => {
      for (let i = 0; i < 200; i++) statements.put.run('pk', `s${i}`, 'x'.repeat(1000), 0);
    });
    // To have all of it in the file itself.
    expect(() => database.read(throwing(sqliteError(10)))).toThrow();
    vi.advanceTimersByTime(recoverAfterMs);
    database.read(() => undefined);
    const good = readFileSync(path);
    const bad = Buffer.from(good).fill(0xa5, 10 * 4096, 11 * 4096);
    const damage = () => {
      writeFileSync(path, bad);
      throw sqliteError(10);
    };
    expect(() => database.read(damage)).toThrow();
    return { database, good };
  }

  it('is not used: each call says what is damaged, until it is whole', () => {
    const { database, good } = damaged();
    for (let i = 0; i < 2; i++) {
      const act = vi.fn();
      expect(reasonOf(() => database.read(act))).toContain(`The store ${path} is damaged: `);
      expect(act).not.toHaveBeenCalled();
    }
    writeFileSync(path, good);
    expect(database.read(isThere('s7'))).toBe(true);
  });

  it('is looked at anew a second after it was found damaged', () => {
    const { database, good } = damaged(1000);
    vi.advanceTimersByTime(1000);
    expect(reasonOf(() => database.read(() => undefined))).toContain('is damaged');
    writeFileSync(path, good);
    vi.advanceTimersByTime(999);
    expect(reasonOf(() => database.read(() => undefined))).toContain('is damaged');
    vi.advanceTimersByTime(1);
    expect(database.read(isThere('s7'))).toBe(true);
  });

  it('is not held: who mends it can open it', () => {
    const { database } = damaged();
    expect(() => database.read(() => undefined)).toThrow();
    const other = new DatabaseSync(path);
    other.exec('BEGIN EXCLUSIVE; ROLLBACK');
    other.close();
  });

  it('that is another one by now is named with the reason', () => {
    const database = open(path, { recoverAfterMs: 0 });
    expect(() => database.read(throwing(sqliteError(10)))).toThrow();
    rmSync(path);
    writeFileSync(path, 'x'.repeat(8192));
    expect(reasonOf(() => database.read(() => undefined))).toContain(
      `The store ${path} cannot be opened: file is not a database.`,
    );
  });
});

describe('a transaction', () => {
  it('that fails has written nothing, and the next one begins', () => {
    const database = open();
    const act = (statements: Statements) => {
      put('a')(statements);
      throw new Error('no');
    };
    expect(reasonOf(() => database.transact(act))).toBe(`store ${path}: no`);
    database.transact(put('b'));
    expect([database.read(isThere('a')), database.read(isThere('b'))]).toEqual([false, true]);
  });

  it('that SQLite has ended by itself fails with the reason, not with its end', () => {
    const database = open();
    const act = (statements: Statements) => {
      statements.rollback.run();
      throw new Error('full');
    };
    expect(reasonOf(() => database.transact(act))).toBe(`store ${path}: full`);
  });

  it('of several acts has the outcome of each, and none when SQLite fails', () => {
    const database = open();
    const outcomes = database.transactAll([put('a'), throwing(new Error('no')), () => 'c']);
    expect(outcomes.map(outcome => Object.keys(outcome)[0])).toEqual(['value', 'error', 'value']);
    expect(outcomes[1]).toMatchObject({ error: { details: { reason: `store ${path}: no` } } });
    expect(() => database.transactAll([put('b'), throwing(sqliteError(19))])).toThrow();
    expect([database.read(isThere('a')), database.read(isThere('b'))]).toEqual([true, false]);
  });

  it('is refused where less is free than is kept in reserve, and one in memory never', () => {
    const reserve = { reserveBytes: Number.MAX_SAFE_INTEGER };
    const act = vi.fn();
    const reason = reasonOf(() => open(path, reserve).transact(act));
    expect(reason).toMatch(
      new RegExp(`The disk of ${path} is full: \\d+ bytes are free, ${Number.MAX_SAFE_INTEGER} are needed.$`),
    );
    expect(act).not.toHaveBeenCalled();
    expect(open(':memory:', reserve).transact(() => 'done')).toBe('done');
  });
});

describe('opening', () => {
  it('a file that is open fails for that reason, and is told from others', () => {
    open();
    const error = (() => {
      try {
        return openDatabase(path);
      } catch (cause) {
        return cause;
      }
    })();
    expect(error).toMatchObject({ message: `Another process has the store ${path} open.`, errcode: 5 });
    expect([isInUse(error), isInUse(new Error('no')), isInUse('no'), isInUse(sqliteError(14))]).toEqual([
      true,
      false,
      false,
      false,
    ]);
  });

  it('writes to a log beside the file, and says whose file it is and which version it has', () => {
    const database = open();
    database.transact(put('a'));
    expect(existsSync(`${path}-wal`)).toBe(true);
    database.close();
    opened = [];
    const file = readFileSync(path);
    expect(file.toString('latin1', 68, 72)).toBe('PULL');
    expect(file.readUInt32BE(60)).toBe(1);
  });

  it('fails with the cause, and leaves the file to others', () => {
    openDatabase(path).close();
    const setVersion = (version: number) => {
      const other = new DatabaseSync(path);
      other.exec(`PRAGMA user_version = ${version}`);
      other.close();
    };
    setVersion(7);
    expect(() => openDatabase(path)).toThrow(
      expect.objectContaining({
        message: `The store ${path} cannot be opened: it has version 7, and this program reads version 1.`,
        cause: expect.any(Error),
      }),
    );
    setVersion(1);
    open();
  });
});
