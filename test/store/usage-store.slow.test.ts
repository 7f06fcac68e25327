/** Ten thousand pulls by fifty clients at once are counted exactly, and a limit is not passed by one, on SQLite and on DynamoDB Local. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Table } from '../../lib/ports/table.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { type Engine, startStore } from '../e2e/support/engines/engine.ts';
import { NOW } from '../support/records.ts';
import { clientOf, createTable, leanTransport } from '../support/tables.ts';

const [CLIENTS, PULLS_EACH] = [50, 200];
const PULL = {
  handle: 'h',
  pullsPerDay: null,
  token: '01a1fd51-c23e-7c1e-8dcf-87c09e970095',
  repository: 'team-a/app',
};
const TODAY = '2026-11-21';
/** A busy machine must not make a client send an update again: here every answer arrives. */
const PATIENT = { connectionMs: 60_000, requestMs: 60_000 };

let engine: Engine;
beforeAll(async () => {
  engine = await startStore('DynamoDB Local');
});
afterAll(() => engine.stop());

const TABLES: [string, () => Promise<Table>][] = [
  ['SQLite', async () => openSqliteTable(':memory:')],
  [
    'DynamoDB Local',
    async () => {
      const name = `pullpass-${randomUUID()}`;
      await createTable(clientOf(engine), name);
      return dynamoTable(name, leanTransport(engine, PATIENT));
    },
  ],
];

it.each(TABLES)('10 000 pulls by 50 clients at once are counted exactly on %s', async (_, open) => {
  const usage = usageStore({ table: await open(), randomBytes });
  const client = async () => {
    for (let pull = 0; pull < PULLS_EACH; pull++) await usage.count(PULL, NOW);
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { counters } = await usage.list(PULL.handle, { from: TODAY, to: TODAY, limit: 10 });
  expect(counters.map(({ pulls }) => pulls)).toEqual([CLIENTS * PULLS_EACH]);
});

it.each(TABLES)('of 2 000 pulls by 50 clients at once a limit of 777 takes 777 on %s', async (_, open) => {
  const table = await open();
  // Two instances, which know nothing of each other.
  const stores = [usageStore({ table, randomBytes }), usageStore({ table, randomBytes })];
  let taken = 0;
  const client = async (__: unknown, i: number) => {
    for (let pull = 0; pull < 40; pull++) {
      const isTaken = await stores[i % 2]?.count({ ...PULL, pullsPerDay: 777 }, NOW);
      if (isTaken) taken += 1;
    }
  };
  await Promise.all(Array.from({ length: CLIENTS }, client));
  const { counters } = await usageStore({ table, randomBytes }).list(PULL.handle, {
    ...{ from: TODAY, to: TODAY, limit: 10 },
  });
  expect([taken, counters.map(({ pulls }) => pulls)]).toEqual([777, [777]]);
});
