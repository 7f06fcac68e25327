/** Writes item after item to an engine and prints the number of each one that was acknowledged, until it is killed. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { startEngine } from '../../local/engine.ts';
import { ensureTable } from '../../local/table.ts';
import { clientOf } from '../support/engine.ts';

const client = clientOf(await startEngine({ path: process.argv[2] ?? '' }));
await ensureTable(client, 'pullpass');
for (let n = 0; ; n++) {
  const Item = { pk: { S: 'a' }, sk: { S: `${n}` }, n: { N: `${n}` } };
  await client.send(new PutItemCommand({ TableName: 'pullpass', Item }));
  process.stdout.write(`${n}\n`);
}
