/** The SQLite table: the contract of the port, killed processes, full disks and damaged rows. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { absent, exists } from '../../lib/ports/table.ts';
import { openSqliteTable, type SqliteTable } from '../../lib/store/sqlite-table.ts';
import { tableContract } from '../contracts/table.ts';
import { rejectionOf } from '../support/errors.ts';

const MODULE = join(import.meta.dirname, '../../lib/store/sqlite-table.ts');

let directory: string;
let path: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-sqlite-'));
  path = join(directory, 'store.db');
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const KEY = { pk: 'account#x', sk: 'token#y' };

describe('in memory', () => tableContract(async () => openSqliteTable(':memory:')));

describe('in a file', () => {
  let table: SqliteTable;
  let parent: string;
  tableContract(async () => {
    parent = await mkdtemp(join(tmpdir(), 'pullpass-sqlite-'));
    table = openSqliteTable(join(parent, 'store.db'));
    return table;
  });
  afterAll(async () => {
    table.close();
    await rm(parent, { recursive: true });
  });
});

describe('a store in a file', () => {
  it('has what it had when it was closed', async () => {
    const table = openSqliteTable(path);
    const item = {
      ...KEY,
      text: 'é',
      number: -7,
      bytes: Buffer.from([0, 255]),
      list: ['a'],
      map: { b: 'c' },
      none: null,
    };
    await table.put(item);
    table.close();
    const again = openSqliteTable(path);
    expect(await again.get(KEY)).toEqual(item);
    again.close();
  });

  it('has what was answered when its process is killed', async () => {
    const script = `import { openSqliteTable } from ${JSON.stringify(MODULE)};
      const table = openSqliteTable(${JSON.stringify(path)});
      await table.put({ pk: 'a', sk: 'b', value: 1 });
      process.kill(process.pid, 'SIGKILL');`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    expect(await once(child, 'exit')).toEqual([null, 'SIGKILL']);
    const table = openSqliteTable(path);
    expect(await table.get({ pk: 'a', sk: 'b' })).toEqual({ pk: 'a', sk: 'b', value: 1 });
    table.close();
  });

  it('has all that it answered, and no more, when the disk was full', async () => {
    const script = `import { openSqliteTable } from ${JSON.stringify(MODULE)};
      const table = openSqliteTable(${JSON.stringify(path)});
      const written = [];
      let refusals = 0;
      for (let i = 0; i < 100; i++) {
        await table.put({ pk: 'p', sk: String(i), text: 'x'.repeat(1000) }).then(
          () => written.push(String(i)),
          ({ code }) => { if (code === 'unavailable') refusals++; },
        );
      }
      console.log(JSON.stringify({ written, refusals }));
      process.kill(process.pid, 'SIGKILL');`;
    // A file that may not grow fails as one on a full disk does.
    const limited = `ulimit -f 200 && exec "$0" --input-type=module -e "$1"`;
    const child = spawn('bash', ['-c', limited, process.execPath, script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const { written, refusals } = JSON.parse(Buffer.concat(await child.stdout.toArray()).toString());
    expect(written.length).toBeGreaterThan(0);
    expect(refusals).toBeGreaterThan(0);
    const table = openSqliteTable(path);
    const { items } = await table.query({ pk: 'p', prefix: '' });
    table.close();
    expect(items.map(({ sk }) => sk).sort()).toEqual(written.sort());
  });

  it('writes all of several items or, after an error, none', async () => {
    const table = openSqliteTable(path);
    const items = [
      { ...KEY, value: 1 },
      { ...KEY, sk: 'z', value: 0.5 },
    ];
    expect(() => table.putAll(items)).toThrow(expect.objectContaining({ code: 'unavailable' }));
    expect(await table.get(KEY)).toBeUndefined();
    expect(await table.put({ ...KEY }, absent('pk'))).toBe(true);
    table.close();
  });

  it('takes several items at once, as each by itself', async () => {
    const table = openSqliteTable(path);
    const items = ['a', 'b'].map(sk => ({ ...KEY, sk, value: sk }));
    table.putAll(items);
    expect((await table.scan({})).items).toEqual(items);
    expect(await table.get({ ...KEY, sk: 'b' })).toEqual(items[1]);
    table.close();
  });

  it('has each item as every version has written it', async () => {
    const table = openSqliteTable(path);
    await table.put({
      ...KEY,
      ...{ text: 'é', number: -7, bytes: Buffer.from([0, 255]), list: ['a'], map: { b: 'c' }, none: null },
    });
    table.close();
    const database = new DatabaseSync(path);
    expect(database.prepare('SELECT pk, sk, attributes FROM item').all()).toEqual([
      {
        ...KEY,
        attributes:
          '{"text":"é","number":-7,"bytes":{"bytes":"AP8="},"list":["a"],"map":{"map":{"b":"c"}},"none":null}',
      },
    ]);
    database.close();
  });

  it('has no further page behind one that is not full', async () => {
    const table = openSqliteTable(':memory:');
    for (const sk of ['a', 'b']) await table.put({ ...KEY, sk });
    const range = { pk: KEY.pk, prefix: '' };
    expect([(await table.scan({ limit: 3 })).next, (await table.query({ ...range, limit: 3 })).next]).toEqual(
      [undefined, undefined],
    );
    expect([(await table.scan({ limit: 2 })).next, (await table.query({ ...range, limit: 2 })).next]).toEqual(
      [{ ...KEY, sk: 'b' }, 'b'],
    );
  });

  it.each<[what: string, call: (table: SqliteTable) => Promise<unknown>, reason: string]>([
    ['half a number', table => table.put({ ...KEY, value: 0.5 }), 'no whole number: 0.5'],
    ['an empty key', table => table.get({ ...KEY, pk: '' }), 'pk is empty or has more than 2048 bytes'],
    [
      'a long key',
      table => table.delete({ ...KEY, sk: 'ä'.repeat(513) }),
      'sk is empty or has more than 1024 bytes',
    ],
    ['101 keys', table => table.batchGet(Array(101).fill(KEY)), 'more than 100 keys'],
    [
      'what its caller has given up',
      table => table.update(KEY, { set: { a: 1 } }, undefined, AbortSignal.abort()),
      'the call was given up',
    ],
  ])('refuses %s with the reason', async (_, call, reason) => {
    const error = await rejectionOf(call(openSqliteTable(':memory:')));
    expect([error.code, error.details.reason]).toEqual(['unavailable', expect.stringContaining(reason)]);
  });

  it('is unavailable once it is closed, and the log has the reason', async () => {
    const table = openSqliteTable(path);
    table.close();
    for (const call of [() => table.get(KEY), () => table.put(KEY, exists('pk')), () => table.scan({})]) {
      expect(await rejectionOf(call())).toMatchObject({
        code: 'unavailable',
        details: { reason: expect.stringMatching(/^store \/.*store\.db: /) },
      });
    }
  });
});

describe('a row of which a byte has changed', () => {
  it.each([
    ['its attributes', `attributes = replace(attributes, '1', '2')`],
    ['its sort key', `sk = sk || 'x'`],
    ['its checksum', 'checksum = checksum + 1'],
  ])('is refused by name: %s', async (_case, damage) => {
    const table = openSqliteTable(path);
    await table.put({ ...KEY, value: 1 });
    table.close();
    const other = new DatabaseSync(path);
    other.exec(`UPDATE item SET ${damage}`);
    other.close();
    const damaged = openSqliteTable(path);
    expect(await rejectionOf(damaged.scan({}))).toMatchObject({
      code: 'unavailable',
      details: { reason: expect.stringMatching(/^store \/.*: the item .* is damaged$/) },
    });
    damaged.close();
  });
});

describe('damage', () => {
  async function filled(): Promise<void> {
    const table = openSqliteTable(path);
    table.putAll(
      Array.from({ length: 1200 }, (_, i) => ({ ...KEY, sk: String(10_000 + i), text: 'x'.repeat(50) })),
    );
    expect(table.findDamage()).toEqual([]);
    table.close();
  }
  function found(): string[] {
    const table = openSqliteTable(path);
    const damage = table.findDamage();
    table.close();
    return damage;
  }

  it('is found in each row, by its name', async () => {
    await filled();
    const other = new DatabaseSync(path);
    other.exec(`UPDATE item SET checksum = checksum + 1 WHERE sk IN ('10000', '10999', '11000', '11199')`);
    other.close();
    expect(found()).toEqual(
      ['10000', '10999', '11000', '11199'].map(sk => `the item ${KEY.pk} ${sk} is damaged`),
    );
  });

  it('is found in the order of the file, as SQLite tells it, before any row is looked at', async () => {
    await filled();
    const file = await readFile(path);
    file.write('19999', file.indexOf('10500'));
    await writeFile(path, file);
    expect(found()).toEqual(['row not in PRIMARY KEY order for item']);
  });
});

describe('a disk with too little free space', () => {
  it('refuses writes, saying what is free, and serves reads', async () => {
    const table = openSqliteTable(path);
    await table.put(KEY);
    table.close();
    const full = openSqliteTable(path, { reserveBytes: Number.MAX_SAFE_INTEGER });
    expect(await full.get(KEY)).toEqual(KEY);
    expect(await rejectionOf(full.put(KEY))).toMatchObject({
      code: 'unavailable',
      details: { reason: expect.stringMatching(/^store .*: The disk of .* is full: \d+ bytes are free/) },
    });
    full.close();
  });
});

describe('a store that cannot be opened', () => {
  it('says that another process has it open', async () => {
    const script = `import { openSqliteTable } from ${JSON.stringify(MODULE)};
      openSqliteTable(${JSON.stringify(path)});
      console.log('open');
      setTimeout(() => undefined, 60_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    expect(() => openSqliteTable(path)).toThrow(`Another process has the store ${path} open.`);
    child.kill('SIGKILL');
    await once(child, 'exit');
    openSqliteTable(path).close();
  });

  it.each<[string, () => unknown, RegExp]>([
    ['a missing directory', () => rm(directory, { recursive: true }), /unable to open/],
    ['a file of something else', () => writeFile(path, 'x'.repeat(8192)), /not a database/],
    [
      'the database of another program',
      () => {
        const other = new DatabaseSync(path);
        other.exec('CREATE TABLE other (a)');
        other.close();
      },
      /another program/,
    ],
    [
      'a later version',
      () => {
        openSqliteTable(path).close();
        const later = new DatabaseSync(path);
        later.exec('PRAGMA user_version = 2');
        later.close();
      },
      /has version 2/,
    ],
  ])('names path and cause: %s', async (_case, prepare, cause) => {
    await prepare();
    expect(() => openSqliteTable(path)).toThrow(cause);
    expect(() => openSqliteTable(path)).toThrow(path);
  });
});
