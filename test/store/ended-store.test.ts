import { GetItemCommand } from '@aws-sdk/client-dynamodb';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { endedStoreContract } from '../contracts/ended-store.ts';
import { loseAnswer, recordCalls, withServer } from '../support/interfere.ts';
import { ACCOUNT, aToken, NOW } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();
const CREDENTIAL = { handle: accountHandle(ACCOUNT), jti: 'AAECAwQFBgcICQoLDA0ODw' };

endedStoreContract(open);

describe('an ended credential on DynamoDB', () => {
  it('is its name and its end in the partition of its account, and nothing more', async () => {
    const at = await openTable();
    await storesOn(at).ended.revoke(CREDENTIAL, NOW + 60);
    const Key = { pk: { S: `account#${CREDENTIAL.handle}` }, sk: { S: `revoked#${CREDENTIAL.jti}` } };
    const { Item } = await at.client.send(new GetItemCommand({ TableName: at.table, Key }));
    expect(Item).toEqual({ ...Key, expiresAt: { N: String(NOW + 60) } });
  });

  it('is read with its token and eight namespaces by one consistent call', async () => {
    const at = await openTable();
    const calls = recordCalls(at.client);
    const namespaces = Array.from({ length: 8 }, (_, i) => `team-${i}`);
    const token = { handle: CREDENTIAL.handle, id: aToken().id };
    await storesOn(at).logins.read({ token, credential: CREDENTIAL, namespaces });
    expect(calls).toMatchObject([
      { name: 'BatchGetItemCommand', input: { RequestItems: { [at.table]: { ConsistentRead: true } } } },
    ]);
    expect(JSON.stringify(calls).match(/"pk"/g)).toHaveLength(10);
  });

  it('has ended also when the answer was lost', async () => {
    const at = await openTable();
    const { ended, logins } = storesOn(at);
    loseAnswer(at.client, 'PutItemCommand');
    await ended.revoke(CREDENTIAL, NOW + 60);
    expect((await logins.read({ credential: CREDENTIAL, namespaces: [] })).revoked).toBe(true);
  });

  it('may still be good while that cannot be told', async () => {
    const { close, ...at } = await withServer((_, response) => response.writeHead(500).end('{}'));
    const ending = storesOn(at).ended.revoke(CREDENTIAL, NOW + 60);
    await expect(ending).rejects.toMatchObject({ code: 'unavailable' });
    await close();
  });
});
