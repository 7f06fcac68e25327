import { randomBytes } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { fileTableMarker } from '../../lib/ledger/file-table-marker.ts';
import type { Table } from '../../lib/store/calls.ts';
import { type Place, tableIdentityContract } from '../contracts/table-identity.ts';
import { fill, itemsOf } from '../support/copies.ts';
import { leanCallOf } from '../support/lean-login-calls.ts';
import { aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const NOW_MS = NOW * 1000;
const { openTable } = useEngine();

async function newDirectory(): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-ledger-'));
  onTestFinished(() => rm(path, { recursive: true }));
  return path;
}

async function identityOn(table: Table, directory: string) {
  return fileTableMarker({
    main: { call: await leanCallOf(table), table: table.table },
    directory,
    randomBytes,
  });
}

async function placeOf(table: Table, directory: string): Promise<Place> {
  const copyTo = async (besides: string, skipped?: string) => {
    const copy = await openTable();
    const items = await itemsOf(table);
    await fill(
      copy,
      items.filter(({ pk }) => pk?.S !== skipped),
    );
    return placeOf(copy, besides);
  };
  return {
    identity: await identityOn(table, directory),
    use: () => storesOn(table).tokens.add(aToken()),
    copy: () => copyTo(directory),
    fresh: async () => placeOf(await openTable(), directory),
    strange: async () => copyTo(await newDirectory(), 'table'),
  };
}

tableIdentityContract(async () => placeOf(await openTable(), await newDirectory()));

describe('the identity of a store on one machine', () => {
  it('tells a copy from every time but the last', async () => {
    const [table, directory] = [await openTable(), await newDirectory()];
    const identity = await identityOn(table, directory);
    const copies: Table[] = [];
    const copy = async () => {
      const made = await openTable();
      await fill(made, await itemsOf(table));
      copies.push(made);
    };
    for (let run = 0; run < 3; run++) {
      expect(await identity.initialise(NOW_MS)).toBe('ours');
      await copy();
      await identity.leave(NOW_MS);
      await copy();
    }
    const settled = [];
    for (const made of copies) settled.push(await (await identityOn(made, directory)).initialise(NOW_MS));
    expect(settled).toEqual([...Array.from({ length: 5 }, () => 'foreign'), 'ours']);
  });

  it('is not sure of a store whose process ended suddenly: it could be a copy from before', async () => {
    const [table, directory] = [await openTable(), await newDirectory()];
    const identity = await identityOn(table, directory);
    await identity.initialise(NOW_MS);
    expect(await identity.initialise(NOW_MS)).toBe('unsure');
    expect(await identity.initialise(NOW_MS)).toBe('unsure');
    await identity.adopt(NOW_MS);
    await identity.leave(NOW_MS);
    expect(await identity.initialise(NOW_MS)).toBe('ours');
  });

  it.each(['initialise', 'adopt', 'leave'] as const)(
    'is never lost by a %s that broke off anywhere, and no older copy ever passes for it',
    async verb => {
      for (let nth = 0; nth < 4; nth++) {
        for (const moment of ['before', 'after'] as const) {
          const [table, directory] = [await openTable(), await newDirectory()];
          const whole = await identityOn(table, directory);
          await whole.initialise(NOW_MS);
          const old = await openTable();
          await fill(old, await itemsOf(table));
          await whole.leave(NOW_MS);
          if (verb !== 'initialise') await whole.initialise(NOW_MS);
          const call = await leanCallOf(table);
          let calls = 0;
          const cut: AwsCall = async (operation, input) => {
            const isNow = calls++ === nth;
            if (isNow && moment === 'before') throw new Error('cut');
            const answer = await call(operation, input);
            if (isNow) throw new Error('cut');
            return answer;
          };
          const main = { call: cut, table: table.table };
          await fileTableMarker({ main, directory, randomBytes })
            [verb](NOW_MS)
            .catch(() => undefined);
          expect(await whole.initialise(NOW_MS)).not.toBe('foreign');
          expect(await (await identityOn(old, directory)).initialise(NOW_MS)).toBe('foreign');
        }
      }
    },
  );

  it('is kept for its owner only', async () => {
    const directory = join(await newDirectory(), 'ledger');
    await (await identityOn(await openTable(), directory)).initialise(NOW_MS);
    expect(await readdir(directory)).toEqual(['table.json']);
    const modes = [directory, join(directory, 'table.json')].map(
      async path => (await stat(path)).mode & 0o777,
    );
    expect(await Promise.all(modes)).toEqual([0o700, 0o600]);
  });
});
