/** What a deployment of a test stores in: SQLite in memory as on one machine, or DynamoDB Local as on AWS. */
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { World } from '../../lib/compose/parts.ts';
import type { Table } from '../../lib/ports/table.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';
import { sdkTransport } from '../../lib/store/sdk-transport.ts';
import { openSqliteTable } from '../../lib/store/sqlite-table.ts';
import { startStore } from '../e2e/support/engines/engine.ts';
import { proxyTo, type StoreWire, wired } from './store-wire.ts';
import { clientOf, createTable } from './tables.ts';

/** A table, past the wire, and what a world needs to be served from it. */
export interface ServedTable {
  readonly table: Table;
  readonly world: Partial<Pick<World, 'table'>>;
  readonly variables: Readonly<Record<string, string>>;
}

export interface Backend {
  /** The variables of every world on it, the ledger's among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** An empty table. */
  freshTable(): Promise<ServedTable>;
  close(): Promise<void>;
}

export async function onOneMachine(wire: StoreWire, directory: string): Promise<Backend> {
  const opened: { close(): void }[] = [];
  return {
    variables: { PULLPASS_LEDGER: `file:${join(directory, 'ledger')}` },
    freshTable: async () => {
      const table = openSqliteTable(':memory:');
      opened.push(table);
      return { table, world: { table: wired(wire, table) }, variables: {} };
    },
    close: async () => {
      for (const table of opened) table.close();
    },
  };
}

/** The ledger is a second table. Needs Java and DynamoDB Local: for the slow tests. */
export async function onAws(wire: StoreWire): Promise<Backend> {
  const engine = await startStore('DynamoDB Local');
  const client = clientOf(engine);
  const proxy = await proxyTo(wire, engine.endpoint);
  const newTable = async () => {
    const name = `pullpass-${randomUUID()}`;
    await createTable(client, name);
    return name;
  };
  return {
    variables: {
      PULLPASS_LEDGER: `arn:aws:dynamodb:us-east-1:000000000000:table/${await newTable()}`,
      AWS_ENDPOINT_URL_DYNAMODB: proxy.endpoint,
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: engine.accessKeyId,
      AWS_SECRET_ACCESS_KEY: engine.secretAccessKey,
    },
    freshTable: async () => {
      const name = await newTable();
      return {
        table: dynamoTable(name, sdkTransport(client)),
        world: {},
        variables: { PULLPASS_TABLE: name },
      };
    },
    close: async () => {
      client.destroy();
      await proxy.close();
      await engine.stop();
    },
  };
}
