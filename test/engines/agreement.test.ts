/** SQLite and each DynamoDB engine give the same results for random calls. */
import { expect, inject, it } from 'vitest';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { expectAgreement } from '../contracts/random-acts.ts';
import { type EngineAddress, openEngineTables } from '../support/tables.ts';

const engine = inject('engine') as EngineAddress;

it.each(['sdk', 'lean'] as const)(
  'SQLite and the engine over the %s transport agree on a few hundred random acts',
  async transport => {
    const sqlite = openSqliteTable(':memory:');
    await expectAgreement([sqlite, (await openEngineTables(engine))[transport]], { runs: 15, length: 60 });
    sqlite.close();
    expect.hasAssertions();
  },
);
