/** SQLite and DynamoDB Local give the same results for ten thousand random calls. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { expectAgreement } from '../contracts/random-acts.ts';
import { type Engine, startStore } from '../e2e/support/engines/engine.ts';
import { openEngineTables } from '../support/tables.ts';

let engine: Engine;
beforeAll(async () => {
  engine = await startStore('DynamoDB Local');
});
afterAll(() => engine.stop());

it('SQLite and DynamoDB Local agree on ten thousand random acts', async () => {
  const sqlite = openSqliteTable(':memory:');
  await expectAgreement([sqlite, (await openEngineTables(engine)).lean], { runs: 130, length: 100 });
  sqlite.close();
  expect.hasAssertions();
});
