/** Makes the table in the embedded engine; on AWS the deployment makes it. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateTableCommand,
  DescribeTableCommand,
  type DynamoDBClient,
  ResourceInUseException,
} from '@aws-sdk/client-dynamodb';
import { tableDefinition } from '../lib/store/table.ts';

const POLL_MS = 5;
const PATIENCE_MS = 5_000;

/** Creates the table if it is missing, and returns when it can be used. */
export async function ensureTable(client: DynamoDBClient, name: string): Promise<void> {
  try {
    await client.send(new CreateTableCommand(tableDefinition(name)));
  } catch (error) {
    if (!(error instanceof ResourceInUseException)) throw error;
  }
  for (let waited = 0; waited < PATIENCE_MS; waited += POLL_MS) {
    const { Table: table } = await client.send(new DescribeTableCommand({ TableName: name }));
    if (table?.TableStatus === 'ACTIVE') return;
    await sleep(POLL_MS);
  }
  throw new Error(`The table ${name} does not become active.`);
}
