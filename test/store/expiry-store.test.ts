import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { expect, it } from 'vitest';
import { expiryStoreContract } from '../contracts/expiry-store.ts';
import { aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();

expiryStoreContract(open);

it('an item that cannot be read keeps no other from being cleaned up', async () => {
  const at = await openTable();
  const { tokens, expiry } = storesOn(at);
  await tokens.add(aToken({ expiresAt: NOW - 1 }));
  await tokens.add(aToken({ expiresAt: null }));
  const Item = { pk: { S: 'account#x' }, sk: { S: 'token#x' }, hash: { S: 'no bytes' } };
  await at.client.send(new PutItemCommand({ TableName: at.table, Item }));
  const page = await expiry.page({ cutoff: NOW, candidatesUntil: NOW }, undefined);
  expect([page.expired.length, page.candidates.length]).toEqual([1, 1]);
});
