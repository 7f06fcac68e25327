/** The contract of the `Table` port on a DynamoDB engine, by both transports. */
import { describe, inject } from 'vitest';
import { tableContract } from '../contracts/table.ts';
import { type EngineAddress, openEngineTables } from '../support/tables.ts';

const engine = inject('engine') as EngineAddress;

describe('over the SDK', () => tableContract(async () => (await openEngineTables(engine)).sdk));

describe('over the lean client', () => tableContract(async () => (await openEngineTables(engine)).lean));
