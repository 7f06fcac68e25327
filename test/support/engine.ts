/** A throw-away engine with a created table: the embedded one, in a directory that goes with it, unless another is given. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Table } from '../../lib/ports/table.ts';
import { createDynamoClient } from '../../lib/store/client.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';
import { sdkTransport } from '../../lib/store/sdk-transport.ts';
import { type Engine, startEngine } from '../../local/engine.ts';
import { ensureTable } from '../../local/table.ts';

export interface TestEngine extends Engine {
  readonly client: DynamoDBClient;
  readonly table: string;
  /** An empty table of its own. */
  freshTable(): Promise<string>;
}

const REGION = 'us-east-1';

/** A client of the engine with the settings of production. */
export function clientOf({ endpoint, accessKeyId, secretAccessKey }: Omit<Engine, 'close'>): DynamoDBClient {
  return createDynamoClient(REGION, { endpoint, credentials: { accessKeyId, secretAccessKey } });
}

export async function withEngine(): Promise<TestEngine> {
  const path = await mkdtemp(join(tmpdir(), 'pullpass-engine-'));
  const engine = await startEngine({ path });
  const close = async () => {
    await engine.close();
    await rm(path, { recursive: true });
  };
  return onEngine({ ...engine, close });
}

/** An engine that runs already, and may be used by others as well: only tables of its own are touched. */
export async function onEngine(engine: Engine): Promise<TestEngine> {
  const client = clientOf(engine);
  const freshTable = async () => {
    const table = `pullpass-${randomUUID()}`;
    await ensureTable(client, table);
    return table;
  };
  return {
    ...engine,
    client,
    table: await freshTable(),
    freshTable,
    close: async () => {
      client.destroy();
      await engine.close();
    },
  };
}

/** The table of an engine, as the stores use it. */
export function tableOf({ client, table }: Pick<TestEngine, 'client' | 'table'>): Table {
  return dynamoTable(table, sdkTransport(client));
}
