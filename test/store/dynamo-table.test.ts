/** What the contract suite (test/engines) cannot show on an engine: what is sent, and what faults mean. */
import { describe, expect, it } from 'vitest';
import { absent, all, any, compare, exists } from '../../lib/ports/table.ts';
import { type DynamoTransport, dynamoTable } from '../../lib/store/dynamo-table.ts';
import { rejectionOf } from '../support/errors.ts';

const KEY = { pk: 'account#x', sk: 'token#y' };
const WIRE_KEY = { pk: { S: KEY.pk }, sk: { S: KEY.sk } };

/** A table whose transport answers with these, one after the other, and what it was sent. */
function scripted(...answers: (object | Error)[]) {
  const sent: { operation: string; input: Record<string, unknown>; signal: AbortSignal | undefined }[] = [];
  const send: DynamoTransport['send'] = async (operation, input, signal) => {
    sent.push({ operation, input: { ...input }, signal });
    const answer = answers[sent.length - 1] ?? {};
    if (answer instanceof Error) throw answer;
    return answer;
  };
  return { table: dynamoTable('pullpass', { bytes: 'base64', send }), sent };
}

function failure(name: string): Error {
  return Object.assign(new Error('Seen by the log alone.'), { name });
}

describe('what DynamoDB is sent', () => {
  it('names the attributes of the condition and of the change, and no other: IAM counts them', async () => {
    const { table, sent } = scripted();
    const due = all(exists('pk'), any(absent('lastUsedAt'), compare('lastUsedAt', '<', 5)));
    const { signal } = new AbortController();
    await table.update(KEY, { set: { lastUsedAt: 9 } }, due, signal);
    expect(sent).toEqual([
      {
        operation: 'UpdateItem',
        signal,
        input: {
          TableName: 'pullpass',
          Key: WIRE_KEY,
          UpdateExpression: 'SET #lastUsedAt = :v0',
          ConditionExpression:
            '(attribute_exists(#pk)) AND ((attribute_not_exists(#lastUsedAt)) OR (#lastUsedAt < :v1))',
          ExpressionAttributeNames: { '#lastUsedAt': 'lastUsedAt', '#pk': 'pk' },
          ExpressionAttributeValues: { ':v0': { N: '9' }, ':v1': { N: '5' } },
        },
      },
    ]);
  });

  it('has no empty expression where there is neither condition nor change', async () => {
    const { table, sent } = scripted();
    await table.put({ ...KEY, bytes: new Uint8Array([255]) });
    await table.update(KEY, {});
    await table.delete(KEY);
    expect(sent.map(({ input }) => input)).toEqual([
      { TableName: 'pullpass', Item: { ...WIRE_KEY, bytes: { B: '/w==' } } },
      { TableName: 'pullpass', Key: WIRE_KEY },
      { TableName: 'pullpass', Key: WIRE_KEY },
    ]);
  });

  it('asks for consistent reads, always', async () => {
    const { table, sent } = scripted();
    await table.get(KEY);
    await table.batchGet([KEY]);
    await table.query({ pk: 'p', prefix: 'x' });
    await table.scan({});
    expect(sent.map(({ input }) => JSON.stringify(input).includes('"ConsistentRead":true'))).toEqual(
      Array(4).fill(true),
    );
  });

  it('makes no request for a batch of no key', async () => {
    const { table, sent } = scripted();
    expect(await table.batchGet([])).toEqual([]);
    expect(sent).toEqual([]);
  });
});

describe('an attribute that this program does not write', () => {
  it.each<object>([
    { N: '1.5' },
    { N: '99999999999999999999' },
    { NULL: true },
    { BOOL: true },
    { SS: ['a'] },
    { L: [{ S: 'a' }, { N: '1' }] },
    { M: { a: { L: [] } } },
  ])('is null: %o', async value => {
    const { table } = scripted({ Item: { ...WIRE_KEY, odd: value } });
    expect(await table.get(KEY)).toEqual({ ...KEY, odd: null });
  });
});

describe('a batch that DynamoDB does not process whole', () => {
  const other = { pk: { S: 'p' }, sk: { S: 's' } };
  const partial = {
    Responses: { pullpass: [WIRE_KEY] },
    UnprocessedKeys: { pullpass: { Keys: [other], ConsistentRead: true } },
  };

  it('is asked for the rest once', async () => {
    const { table, sent } = scripted(partial, { Responses: { pullpass: [other] }, UnprocessedKeys: {} });
    expect(await table.batchGet([KEY, { pk: 'p', sk: 's' }])).toEqual([KEY, { pk: 'p', sk: 's' }]);
    expect(sent[1]?.input).toEqual({ RequestItems: { pullpass: { Keys: [other], ConsistentRead: true } } });
  });

  it('and not the second time either is unavailable, not an absence', async () => {
    const { table, sent } = scripted(partial, { UnprocessedKeys: partial.UnprocessedKeys });
    expect(await rejectionOf(table.batchGet([KEY, { pk: 'p', sk: 's' }]))).toMatchObject({
      code: 'unavailable',
      details: { reason: 'store: unprocessed keys', retryAfterSeconds: 1 },
    });
    expect(sent).toHaveLength(2);
  });
});

describe('an error', () => {
  const calls = {
    get: table => table.get(KEY),
    batchGet: table => table.batchGet([KEY]),
    query: table => table.query({ pk: 'p', prefix: '' }),
    scan: table => table.scan({}),
    put: table => table.put(KEY),
    update: table => table.update(KEY, {}),
    delete: table => table.delete(KEY),
  } satisfies Record<string, (table: ReturnType<typeof dynamoTable>) => Promise<unknown>>;

  it.each(Object.entries(calls))('of %s is unavailable, with its name for the log', async (_, call) => {
    const error = failure('ThrottlingException');
    const { table } = scripted(error);
    expect(await rejectionOf(call(table))).toMatchObject({
      code: 'unavailable',
      details: { reason: 'store: ThrottlingException', retryAfterSeconds: 1, cause: error },
    });
  });

  it.each(['put', 'update', 'delete'] as const)(
    'of %s may say that the condition did not hold',
    async name => {
      const { table } = scripted(failure('ConditionalCheckFailedException'));
      expect(await calls[name](table)).toBe(false);
    },
  );
});
