import { randomBytes } from 'node:crypto';
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { afterEach, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/account.ts';
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { Table } from '../../lib/store/calls.ts';
import { type LoginCalls, loginStore } from '../../lib/store/login-store.ts';
import { toTokenItem } from '../../lib/store/token-store.ts';
import { loginStoreContract } from '../contracts/login-store.ts';
import { withServer } from '../support/interfere.ts';
import { leanLoginCallsOf } from '../support/lean-login-calls.ts';
import { ACCOUNT, aToken, NOW, OTHER_ACCOUNT } from '../support/records.ts';
import { sdkLoginCalls } from '../support/sdk-login-calls.ts';
import { storesOn, useEngine } from '../support/stores.ts';

const { openTable } = useEngine();
const ADDRESS = { handle: accountHandle(ACCOUNT), id: aToken().id };

const CLIENTS: Record<string, (at: Table) => Promise<LoginCalls>> = {
  'the SDK': async ({ client }) => sdkLoginCalls(client),
  'the lean client': leanLoginCallsOf,
};

/** The calls, and what passes through them. */
function recorded(calls: LoginCalls): { calls: LoginCalls; inputs: object[] } {
  const inputs: object[] = [];
  return {
    inputs,
    calls: {
      batchGetItem: input => {
        inputs.push(input);
        return calls.batchGetItem(input);
      },
      updateItem: (input, signal) => {
        inputs.push(input);
        return calls.updateItem(input, signal);
      },
    },
  };
}

describe.each(Object.entries(CLIENTS))('over %s', (_, callsOf) => {
  loginStoreContract(async () => {
    const at = await openTable();
    return {
      ...storesOn(at),
      logins: loginStore({ calls: await callsOf(at), table: at.table, randomBytes }),
    };
  });

  describe('a login store on DynamoDB', () => {
    it('makes one strongly consistent call, of each grammatical key once', async () => {
      const at = await openTable();
      const { calls, inputs } = recorded(await callsOf(at));
      await loginStore({ calls, table: at.table, randomBytes }).read({
        token: ADDRESS,
        namespaces: ['team-a', 'team-a', 'Team', 'a', 'team-b', 'x/y'],
      });
      const Keys = [
        { pk: { S: `account#${ADDRESS.handle}` }, sk: { S: `token#${ADDRESS.id}` } },
        { pk: { S: 'namespace#team-a' }, sk: { S: 'claim' } },
        { pk: { S: 'namespace#team-b' }, sk: { S: 'claim' } },
      ];
      const input = { RequestItems: { [at.table]: { Keys, ConsistentRead: true } } };
      expect(inputs).toEqual([input]);
    });

    it('makes no call for no key', async () => {
      const at = await openTable();
      const { calls, inputs } = recorded(await callsOf(at));
      await loginStore({ calls, table: at.table, randomBytes }).read({ namespaces: ['NOT', 'a/name'] });
      expect(inputs).toEqual([]);
    });

    it.each([
      ['account', { account: OTHER_ACCOUNT }],
      ['id', { id: aToken().id }],
    ])('takes a record of another %s than its key says for absent', async (_, facts) => {
      const at = await openTable();
      const item = toTokenItem(aToken({ id: ADDRESS.id, ...facts }));
      const key = { pk: { S: `account#${ADDRESS.handle}` }, sk: { S: `token#${ADDRESS.id}` } };
      await at.client.send(new PutItemCommand({ TableName: at.table, Item: { ...key, ...item } }));
      const logins = loginStore({ calls: await callsOf(at), table: at.table, randomBytes });
      expect((await logins.read({ token: ADDRESS, namespaces: [] })).token).toBeUndefined();
    });

    it('takes a malformed claim for an error', async () => {
      const at = await openTable();
      const key = { pk: { S: 'namespace#team-a' }, sk: { S: 'claim' } };
      const item = { ...key, account: { S: ACCOUNT }, state: { S: 'taken' }, epoch: { N: '1' } };
      await at.client.send(new PutItemCommand({ TableName: at.table, Item: item }));
      const logins = loginStore({ calls: await callsOf(at), table: at.table, randomBytes });
      await expect(logins.read({ namespaces: ['team-a'] })).rejects.toMatchObject({ code: 'internal' });
    });
  });

  describe('the note of a use', () => {
    it('is tried once per instance and hour, and not at all within an hour of the last', async () => {
      const at = await openTable();
      const { calls, inputs } = recorded(await callsOf(at));
      const logins = loginStore({
        calls,
        table: at.table,
        randomBytes: count => new Uint8Array(count).fill(200),
      });
      const record = aToken();
      const tries = [0, 1, HOUR_SECONDS, HOUR_SECONDS + 199, HOUR_SECONDS + 200, HOUR_SECONDS + 201];
      const counts: number[] = [];
      for (const later of tries) {
        await logins.touch(record, NOW + later);
        counts.push(inputs.length);
      }
      expect(counts).toEqual([1, 1, 1, 1, 2, 2]);
      await logins.touch(aToken({ lastUsedAt: NOW }), NOW + HOUR_SECONDS - 1);
      expect(inputs).toHaveLength(2);
    });

    it('is remembered for ten thousand tokens, the latest', async () => {
      let touches = 0;
      const calls: LoginCalls = {
        batchGetItem: async () => ({}),
        updateItem: async () => {
          touches++;
        },
      };
      const logins = loginStore({ calls, table: 'pullpass', randomBytes });
      const records = Array.from({ length: 10_001 }, () => aToken());
      for (const record of records) await logins.touch(record, NOW);
      const [first, second] = records;
      if (second) await logins.touch(second, NOW);
      expect(touches).toBe(10_001);
      if (first) await logins.touch(first, NOW);
      expect(touches).toBe(10_002);
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
      const logins = loginStore({ calls: await callsOf(server), table: server.table, randomBytes });
      return { logins, requests: () => requests };
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
      const { claims } = await logins.read({ namespaces: ['team-a', 'team-b'] });
      expect(claims.map(({ name }) => name)).toEqual(['team-a', 'team-b']);
    });

    it('leaves keys unprocessed twice could not answer', async () => {
      const { logins, requests } = await answering(Keys => ({
        Responses: {},
        UnprocessedKeys: { pullpass: { Keys } },
      }));
      const read = logins.read({ token: ADDRESS, namespaces: ['team-a'] });
      await expect(read).rejects.toMatchObject({ code: 'unavailable', details: { retryAfterSeconds: 1 } });
      expect(requests()).toBe(2);
    });

    it('hangs delays a login by no more than a tenth of a second for the note', async () => {
      const server = await withServer(() => undefined);
      close = server.close;
      const start = performance.now();
      const logins = loginStore({ calls: await callsOf(server), table: server.table, randomBytes });
      await logins.touch(aToken(), NOW);
      expect(performance.now() - start).toBeLessThan(700);
    });
  });
});
