/** The store of the first version is taken over whole, once, also when a start was cut off. */
import { spawn } from 'node:child_process';
import { hash } from 'node:crypto';
import { once } from 'node:events';
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { takeOver } from '../../local/takeover.ts';
import { scanAll } from '../contracts/table.ts';

/** A data directory and a ledger that the first version has written (test/local/fixtures/README.md). */
const FIXTURE = join(import.meta.dirname, 'fixtures', 'v1');

let directory: string;
let from: string;
let to: string;
let backup: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pullpass-takeover-'));
  [from, to, backup] = [
    join(directory, 'store'),
    join(directory, 'store.db'),
    join(directory, 'store-v1-backup'),
  ];
  await cp(join(FIXTURE, 'data', 'store'), from, { recursive: true });
});
afterEach(() => rm(directory, { recursive: true }));

const run = () => takeOver({ from, to, table: 'pullpass' });

async function content(path = to) {
  const table = openSqliteTable(path);
  const items = await scanAll(table);
  table.close();
  return items;
}

async function readJson(name: string): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(join(FIXTURE, name), 'utf8'));
}

async function filesOf(path: string) {
  const names = (await readdir(path)).sort();
  return Promise.all(names.map(async name => [name, (await readFile(join(path, name))).toString('hex')]));
}

describe('the store of the first version', () => {
  it('is taken over whole: every kind of item, with bytes, lists and numbers', async () => {
    expect(await run()).toBe('taken-over');
    const items = await content();
    const kinds = items.map(({ pk, sk }) => `${pk.split('#')[0]} ${sk.split('#')[0]}`);
    expect(countOf(kinds)).toEqual({
      'account audit': 7,
      'account namespace': 1,
      'account policy': 1,
      'account token': 2,
      'namespace claim': 2,
      'table identity': 1,
    });
    const { id } = await readJson('token.json');
    expect(items.find(({ sk }) => sk === `token#${id}`)).toMatchObject({
      description: 'good é',
      generation: 1,
      hash: expect.objectContaining({ length: 32 }),
      salt: expect.objectContaining({ length: 16 }),
    });
    expect(items.find(({ sk }) => sk.startsWith('policy#'))).toMatchObject({ repositories: ['team-a/*'] });
  });

  it('still knows a token that was issued, and that another was removed', async () => {
    await run();
    const items = await content();
    const [issued, removed] = await Promise.all(['token.json', 'removed-token.json'].map(readJson));
    const itemOf = (id: unknown) => items.find(({ sk }) => sk === `token#${id}`);
    expect(itemOf(issued?.id)?.hash).toEqual(hash('sha256', String(issued?.token), 'buffer'));
    expect(itemOf(removed?.id)).toMatchObject({ removedAt: expect.any(Number) });
    expect(itemOf(removed?.id)).not.toHaveProperty('hash');
  });

  it('is the table that its ledger names', async () => {
    await run();
    const register = await readJson(join('data-ledger', 'table.json'));
    const identity = (await content()).find(({ pk, sk }) => pk === 'table' && sk === 'identity');
    expect(register).toMatchObject({ names: [identity?.id], working: false });
  });

  it('is kept beside the new one, byte for byte, and nothing else is left', async () => {
    const before = await filesOf(from);
    await run();
    expect(await filesOf(backup)).toEqual(before);
    expect((await readdir(directory)).sort()).toEqual(['store-v1-backup', 'store.db']);
  });

  it('is taken over once', async () => {
    await run();
    const items = await content();
    expect(await run()).toBe('nothing');
    expect(await content()).toEqual(items);
  });

  it('is not looked for where there is none', async () => {
    await rm(from, { recursive: true });
    expect(await run()).toBe('nothing');
    expect(await readdir(directory)).toEqual([]);
  });
});

describe('a takeover that was cut off', () => {
  it('while the new store was written begins again', async () => {
    await writeFile(`${to}.partial`, 'half');
    await writeFile(`${to}.partial-wal`, 'half');
    await mkdir(`${from}-copy`);
    expect(await run()).toBe('taken-over');
    expect(await content()).toHaveLength(14);
    expect((await readdir(directory)).sort()).toEqual(['store-v1-backup', 'store.db']);
  });

  it('between its two renames is brought to its end', async () => {
    await run();
    const items = await content();
    await rename(to, `${to}.partial`);
    expect(await run()).toBe('taken-over');
    expect(await content()).toEqual(items);
  });
});

describe('an old store that cannot be read stops the start, and stays as it is:', () => {
  const damaged: Record<string, [damage: () => Promise<void>, cause: RegExp]> = {
    'CURRENT is missing': [() => rm(join(from, 'CURRENT')), /does not exist/],
    'an empty directory': [() => emptyDirectory(from), /does not exist/],
    'the manifest is missing': [() => rmMatching(/^MANIFEST/), /.+/],
    'a table is missing': [() => rmMatching(/\.ldb$/), /missing files/],
    'a table is cut off': [() => change(/\.ldb$/, bytes => bytes.subarray(0, 100)), /.+/],
    'the log is damaged': [() => change(/\.log$/, bytes => bytes.fill(0x58, 40, 60)), /dropping \d+ bytes/],
    'a file in its stead': [() => rm(from, { recursive: true }).then(() => writeFile(from, 'x')), /.+/],
  };

  it.each(Object.entries(damaged))('%s', async (_, [damage, cause]) => {
    await damage();
    const error: unknown = await run().catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).message).toMatch(cause);
    expect((error as Error).message).toContain(`The store ${from} of the first version cannot be read: `);
    expect((await readdir(directory)).sort()).toEqual(['store']);
  });

  it('another process has it open', async () => {
    const script = `import { ClassicLevel } from 'classic-level';
      await new ClassicLevel(${JSON.stringify(from)}).open();
      console.log('open');
      setTimeout(() => undefined, 60_000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
    await once(child.stdout, 'data');
    await expect(run()).rejects.toThrow('another process has it open');
    child.kill('SIGKILL');
    await once(child, 'exit');
    expect(await run()).toBe('taken-over');
  });

  it.each(['store.db', 'store-v1-backup'])('%s is there as well', async name => {
    await writeFile(join(directory, name), 'x');
    await expect(run()).rejects.toThrow(`${from} and ${join(directory, name)} both hold a store`);
  });
});

function countOf(names: readonly string[]): Record<string, number> {
  return Object.fromEntries(
    [...new Set(names)].map(name => [name, names.filter(other => other === name).length]),
  );
}

async function emptyDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true });
  await mkdir(path);
}

async function change(name: RegExp, damage: (bytes: Buffer) => Uint8Array): Promise<void> {
  for (const file of (await readdir(from)).filter(each => name.test(each))) {
    const path = join(from, file);
    await writeFile(path, damage(await readFile(path)));
  }
}

async function rmMatching(name: RegExp): Promise<void> {
  for (const file of (await readdir(from)).filter(each => name.test(each))) await rm(join(from, file));
}
