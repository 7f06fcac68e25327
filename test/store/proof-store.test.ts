import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { proofStoreContract } from '../contracts/proof-store.ts';
import { loseAnswer, withServer } from '../support/interfere.ts';
import { NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();

proofStoreContract(open);

describe('a proof store on DynamoDB', () => {
  it('holds when the proof ends, and nothing of the proof but its mark', async () => {
    const at = await openTable();
    await storesOn(at).proofs.consume('mark', NOW + 300);
    const Key = { pk: { S: 'proof#mark' }, sk: { S: 'used' } };
    const { Item } = await at.client.send(new GetItemCommand({ TableName: at.table, Key }));
    expect(Item).toEqual({
      ...Key,
      expiresAt: { N: String(NOW + 300) },
      lastWrite: { S: expect.any(String) },
    });
  });

  it('recognises a use whose answer was lost, and nobody else by it', async () => {
    const at = await openTable();
    const { proofs } = storesOn(at);
    loseAnswer(at.client, 'PutItemCommand');
    expect(await proofs.consume('mark', NOW + 300)).toBe(true);
    loseAnswer(at.client, 'PutItemCommand');
    expect(await proofs.consume('mark', NOW + 300)).toBe(false);
  });

  it('accepts no proof while it cannot tell', async () => {
    const { close, ...at } = await withServer((_, response) => response.writeHead(500).end('{}'));
    const spent = storesOn(at).proofs.consume('mark', NOW + 300);
    await expect(spent).rejects.toMatchObject({ code: 'unavailable' });
    await close();
  });
});
