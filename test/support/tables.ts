/** Empty tables for the tests of a file: SQLite in memory, or DynamoDB where the vitest project has started an engine. */
import { randomBytes, randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { CreateTableCommand, DescribeTableCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, inject } from 'vitest';
import { awsClient } from '../../lib/aws/client.ts';
import { TIME_LIMITS, type TimeLimits } from '../../lib/aws/connections.ts';
import { Secret } from '../../lib/domain/secret.ts';
import type { Table } from '../../lib/ports/table.ts';
import { type DynamoTransport, dynamoTable } from '../../lib/store/dynamo-table.ts';
import { createDynamoClient, sdkTransport } from '../../lib/store/sdk-transport.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { tableDefinition } from './table-definition.ts';

/** Where an engine with DynamoDB's interface listens, and what it is signed with. */
export interface EngineAddress {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

declare module 'vitest' {
  interface ProvidedContext {
    /** Where tables are opened instead of in memory (test/e2e/support/engines). */
    engine: EngineAddress | undefined;
  }
}

const REGION = 'us-east-1';
const POLL_MS = 5;
const PATIENCE_MS = 5_000;

/** Opens empty tables, each of its own, and closes them after the tests of the file. */
export function useTables(): { open(): Promise<Table> } {
  const opened: { close(): void }[] = [];
  afterAll(() => {
    for (const each of opened) each.close();
  });
  return {
    open: async () => {
      const engine = inject('engine');
      if (engine !== undefined) return (await openEngineTables(engine)).sdk;
      const table = openSqliteTable(':memory:');
      opened.push(table);
      return table;
    },
  };
}

/** One empty table of an engine, by each of the two transports; `endpoint`: where they reach it, if not directly. */
export async function openEngineTables(
  engine: EngineAddress,
  endpoint = engine.endpoint,
): Promise<{ sdk: Table; lean: Table }> {
  const name = `pullpass-${randomUUID()}`;
  await createTable(clientOf(engine), name);
  const address = { ...engine, endpoint };
  return {
    sdk: dynamoTable(name, sdkTransport(clientOf(address))),
    lean: dynamoTable(name, leanTransport(address)),
  };
}

/** A client of the engine with the settings of production, unless other time limits are given. */
export function clientOf(engine: EngineAddress, limits?: TimeLimits): DynamoDBClient {
  const { endpoint, accessKeyId, secretAccessKey } = engine;
  return createDynamoClient(REGION, { endpoint, credentials: { accessKeyId, secretAccessKey } }, limits);
}

/** The client in lib/aws, likewise. */
export function leanTransport(engine: EngineAddress, limits: TimeLimits = TIME_LIMITS): DynamoTransport {
  const { endpoint, accessKeyId, secretAccessKey } = engine;
  const credentials = { accessKeyId, secretAccessKey: new Secret(secretAccessKey), sessionToken: undefined };
  const options = { region: REGION, endpoint, credentials, clock: Date.now, randomBytes, limits };
  const send = awsClient('dynamodb', options);
  return { bytes: 'base64', send };
}

/** Returns when the table can be used. */
export async function createTable(client: DynamoDBClient, name: string): Promise<void> {
  await client.send(new CreateTableCommand(tableDefinition(name)));
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (table?.TableStatus === 'ACTIVE') return;
    await sleep(POLL_MS);
  }
  throw new Error(`The table ${name} does not become active.`);
}
