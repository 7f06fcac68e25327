import { randomBytes } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { toTokenItem } from '../../lib/store/token-item.ts';
import { loginStoreContract } from '../contracts/login-store.ts';
import { recordCalls, withServer } from '../support/interfere.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { open, openTable } = useEngine();
const ADDRESS = { handle: accountHandle(ACCOUNT), id: aToken().id };

loginStoreContract(open);

describe('a login store on DynamoDB', () => {
  it('makes one strongly consistent call, of each grammatical key once', async () => {
    const at = await openTable();
    const calls = recordCalls(at.client);
    await loginStore({ ...at, randomBytes }).read(ADDRESS, [
      'team-a',
      'team-a',
      'Team',
      'a',
      'team-b',
      'x/y',
    ]);
    const Keys = [
      { pk: { S: `account#${ADDRESS.handle}` }, sk: { S: `token#${ADDRESS.id}` } },
      { pk: { S: 'namespace#team-a' }, sk: { S: 'claim' } },
      { pk: { S: 'namespace#team-b' }, sk: { S: 'claim' } },
    ];
    const input = { RequestItems: { [at.table]: { Keys, ConsistentRead: true } } };
    expect(calls).toEqual([{ name: 'BatchGetItemCommand', input }]);
  });

  it('makes no call for no key', async () => {
    const at = await openTable();
    const calls = recordCalls(at.client);
    await loginStore({ ...at, randomBytes }).read(undefined, ['NOT', 'a/name']);
    expect(calls).toEqual([]);
  });

  it.each([
    ['account', { account: OTHER_ACCOUNT }],
    ['id', { id: aToken().id }],
  ])('takes a record of another %s than its key says for absent', async (_, facts) => {
    const at = await openTable();
    const item = toTokenItem(aToken({ id: ADDRESS.id, ...facts }));
    const key = { pk: { S: `account#${ADDRESS.handle}` }, sk: { S: `token#${ADDRESS.id}` } };
    await at.client.send(new PutItemCommand({ TableName: at.table, Item: { ...key, ...item } }));
    expect((await storesOn(at).logins.read(ADDRESS, [])).token).toBeUndefined();
  });

  it('takes a malformed claim for an error', async () => {
    const at = await openTable();
    const key = { pk: { S: 'namespace#team-a' }, sk: { S: 'claim' } };
    const item = { ...key, account: { S: ACCOUNT }, state: { S: 'taken' }, epoch: { N: '1' } };
    await at.client.send(new PutItemCommand({ TableName: at.table, Item: item }));
    await expect(storesOn(at).logins.read(undefined, ['team-a'])).rejects.toMatchObject({ code: 'internal' });
  });
});

describe('the note of a use', () => {
  it('is tried once per instance and hour, and not at all within an hour of the last', async () => {
    const at = await openTable();
    const calls = recordCalls(at.client);
    const logins = loginStore({ ...at, randomBytes: count => new Uint8Array(count).fill(200) });
    const record = aToken();
    const tries = [0, 1, HOUR_SECONDS, HOUR_SECONDS + 199, HOUR_SECONDS + 200, HOUR_SECONDS + 201];
    const counts: number[] = [];
    for (const later of tries) {
      await logins.touch(record, NOW + later);
      counts.push(calls.length);
    }
    expect(counts).toEqual([1, 1, 1, 1, 2, 2]);
    await logins.touch(aToken({ lastUsedAt: NOW }), NOW + HOUR_SECONDS - 1);
    expect(calls).toHaveLength(2);
  });

  it('is remembered for ten thousand tokens, the latest', async () => {
    const { client, table } = await openTable();
    let calls = 0;
    client.middlewareStack.add(
      () => async () => {
        calls++;
        return { output: { $metadata: {} }, response: undefined };
      },
      { step: 'initialize' },
    );
    const logins = loginStore({ client, table, randomBytes });
    const records = Array.from({ length: 10_001 }, () => aToken());
    for (const record of records) await logins.touch(record, NOW);
    const [first, second] = records;
    if (second) await logins.touch(second, NOW);
    expect(calls).toBe(10_001);
    if (first) await logins.touch(first, NOW);
    expect(calls).toBe(10_002);
  });
});

describe('a login store whose DynamoDB', () => {
  let close: () => Promise<void> = async () => undefined;
  afterEach(() => close());

  /** Answers the requests one after the other with these bodies, the last one again and again. */
  async function answering(...bodies: ((keys: object[]) => object)[]) {
    let requests = 0;
    const server = await withServer(async (request, response) => {
      const input = JSON.parse(Buffer.concat(await request.toArray()).toString());
      const body = bodies[Math.min(requests++, bodies.length - 1)]?.(input.RequestItems.pullpass.Keys);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
    });
    close = server.close;
    return { logins: loginStore({ ...server, randomBytes }), requests: () => requests };
  }

  const claimItem = (name: string) => ({
    pk: { S: `namespace#${name}` },
    sk: { S: 'claim' },
    account: { S: ACCOUNT },
    state: { S: 'held' },
    epoch: { N: '1' },
  });

  it('leaves keys unprocessed once is asked for the rest', async () => {
    const { logins } = await answering(
      ([, ...rest]) => ({
        Responses: { pullpass: [claimItem('team-a')] },
        UnprocessedKeys: { pullpass: { Keys: rest, ConsistentRead: true } },
      }),
      keys => {
        expect(keys).toEqual([{ pk: { S: 'namespace#team-b' }, sk: { S: 'claim' } }]);
        return { Responses: { pullpass: [claimItem('team-b')] }, UnprocessedKeys: {} };
      },
    );
    const { claims } = await logins.read(undefined, ['team-a', 'team-b']);
    expect(claims.map(({ name }) => name)).toEqual(['team-a', 'team-b']);
  });

  it('leaves keys unprocessed twice could not answer', async () => {
    const { logins, requests } = await answering(Keys => ({
      Responses: {},
      UnprocessedKeys: { pullpass: { Keys } },
    }));
    const read = logins.read(ADDRESS, ['team-a']);
    await expect(read).rejects.toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 1 } });
    expect(requests()).toBe(2);
  });

  it('hangs delays a login by no more than a tenth of a second for the note', async () => {
    const server = await withServer(() => undefined);
    close = server.close;
    const start = performance.now();
    await loginStore({ ...server, randomBytes }).touch(aToken(), NOW);
    expect(performance.now() - start).toBeLessThan(700);
  });
});
