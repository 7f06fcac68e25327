/** Asks the engine the same Query again and again, and prints how much larger the heap has become, in bytes. */
import { setTimeout as sleep } from 'node:timers/promises';
import { tableDefinition } from '../../lib/store/table.ts';
import { type Dynamo, openDynamo } from '../../local/dynamo.ts';

const WARM_UP = 200;
const QUERIES = 2_000;
/** The engine makes a table in the background. */
const TABLE_MS = 100;

const dynamo = await openDynamo(process.argv[2] ?? '');
await execute(dynamo, 'CreateTable', tableDefinition('pullpass'));
await sleep(TABLE_MS);
await queryOften(WARM_UP);
const before = await heapUsed();
await queryOften(QUERIES);
console.log((await heapUsed()) - before);
await dynamo.close();

async function queryOften(times: number): Promise<void> {
  const condition = { KeyConditionExpression: 'pk = :pk', ExpressionAttributeValues: { ':pk': { S: 'a' } } };
  for (let i = 0; i < times; i++)
    await execute(dynamo, 'Query', { TableName: 'pullpass', Limit: 1, ...condition });
}

async function execute(engine: Dynamo, operation: string, input: object): Promise<void> {
  const body = Buffer.from(JSON.stringify(input));
  const { status } = await engine.execute(`DynamoDB_20120810.${operation}`, body);
  if (status !== 200) throw new Error(`${operation}: ${status}`);
}

async function heapUsed(): Promise<number> {
  await sleep(TABLE_MS);
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
