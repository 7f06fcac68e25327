import { expect, it } from 'vitest';
import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { withEngine } from '../support/engine.ts';
it('works', async () => {
  const e = await withEngine();
  await e.client.send(new PutItemCommand({ TableName: e.table, Item: { pk: { S: 'a' }, sk: { S: 'b' }, l: { L: [] } } }));
  const r = await e.client.send(new GetItemCommand({ TableName: e.table, Key: { pk: { S: 'a' }, sk: { S: 'b' } } }));
  expect(r.Item).toEqual({ pk: { S: 'a' }, sk: { S: 'b' }, l: { L: [] } });
  await e.close();
});
