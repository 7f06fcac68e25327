import { GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { IDEMPOTENCY_SECONDS } from '../../lib/domain/idempotency.ts';
import { idempotencyStoreContract } from '../contracts/idempotency-store.ts';
import { loseAnswer } from '../support/interfere.ts';
import { ACCOUNT, aRequest, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();

idempotencyStoreContract(open);

describe('an idempotency store on DynamoDB', () => {
  const keyOf = (key: string) => ({
    pk: { S: `account#${accountHandle(ACCOUNT)}` },
    sk: { S: `request#${key}` },
  });

  it('holds these facts and never a value', async () => {
    const at = await openTable();
    const record = aRequest();
    await storesOn(at).requests.begin(ACCOUNT, record, NOW);
    const stored = await at.client.send(new GetItemCommand({ TableName: at.table, Key: keyOf(record.key) }));
    expect(stored.Item).toEqual({
      ...keyOf(record.key),
      account: { S: ACCOUNT },
      payload: { S: record.payload },
      tokenId: { S: record.tokenId },
      generation: { N: '1' },
      write: { S: record.write },
      state: { S: 'pending' },
      createdAt: { N: String(NOW) },
      expiresAt: { N: String(NOW + IDEMPOTENCY_SECONDS) },
    });
  });

  it('answers a request whose answer was lost with its own record', async () => {
    const at = await openTable();
    const record = aRequest();
    loseAnswer(at.client, 'PutItemCommand');
    expect(await storesOn(at).requests.begin(ACCOUNT, record, NOW)).toEqual(record);
  });

  it.each([
    ['another account', { account: { S: OTHER_ACCOUNT } }],
    ['no state', { state: { S: '' } }],
  ])('takes a record of %s for an error', async (_, facts) => {
    const at = await openTable();
    const { requests } = storesOn(at);
    const record = aRequest();
    await requests.begin(ACCOUNT, record, NOW);
    const { Item } = await at.client.send(
      new GetItemCommand({ TableName: at.table, Key: keyOf(record.key) }),
    );
    await at.client.send(new PutItemCommand({ TableName: at.table, Item: { ...Item, ...facts } }));
    const repeated = requests.begin(ACCOUNT, record, NOW);
    await expect(repeated).rejects.toMatchObject({ code: 'internal' });
  });
});
