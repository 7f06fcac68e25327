/** Each request that DynamoDB is sent, by its API reference, and how its answers are read. */
import { describe, expect, it } from 'vitest';
import {
  absent,
  all,
  any,
  type Condition,
  compare,
  exists,
  type Item,
  type Table,
} from '../../lib/ports/table.ts';
import type { BytesForm } from '../../lib/store/conditions.ts';
import { dynamoTable } from '../../lib/store/dynamo-table.ts';
import { rejectionOf } from '../support/errors.ts';

const KEY = { pk: 'account#x', sk: 'token#y' };
const WIRE_KEY = { pk: { S: KEY.pk }, sk: { S: KEY.sk } };
const CONSISTENT = { TableName: 'pullpass', ConsistentRead: true };

/** What the call sends, and what it makes of the answer. */
async function sentBy<T>(
  act: (table: Table) => Promise<T>,
  { bytes = 'base64', answer = {} }: { bytes?: BytesForm; answer?: object | Error } = {},
) {
  const sent: [string, unknown][] = [];
  const table = dynamoTable('pullpass', {
    bytes,
    send: async (operation, input) => {
      sent.push([operation, input]);
      if (answer instanceof Error) throw answer;
      return answer;
    },
  });
  return { result: await act(table), sent };
}

describe('a read', () => {
  it('of one item', async () => {
    const { sent, result } = await sentBy(table => table.get(KEY));
    expect(sent).toEqual([['GetItem', { ...CONSISTENT, Key: WIRE_KEY }]]);
    expect(result).toBeUndefined();
  });

  it('of several items, of which none is there', async () => {
    const { sent, result } = await sentBy(table => table.batchGet([KEY]));
    const Keys = [WIRE_KEY];
    expect(sent).toEqual([['BatchGetItem', { RequestItems: { pullpass: { Keys, ConsistentRead: true } } }]]);
    expect(result).toEqual([]);
  });

  it('of a whole partition', async () => {
    const { sent, result } = await sentBy(table => table.query({ pk: 'p', prefix: '' }));
    expect(sent).toEqual([
      [
        'Query',
        {
          ...CONSISTENT,
          KeyConditionExpression: '#pk = :v0',
          ScanIndexForward: true,
          ExpressionAttributeNames: { '#pk': 'pk' },
          ExpressionAttributeValues: { ':v0': { S: 'p' } },
        },
      ],
    ]);
    expect(result).toEqual({ items: [], next: undefined });
  });

  it('of a part of a partition, with every bound', async () => {
    const range = { pk: 'p', prefix: 'x#', after: 'x#1', limit: 7, descending: true };
    const answer = { Items: [WIRE_KEY], LastEvaluatedKey: { pk: { S: 'p' }, sk: { S: 'x#0' } } };
    const where = compare('n', '>', 5);
    const { sent, result } = await sentBy(table => table.query({ ...range, where }), { answer });
    expect(sent).toEqual([
      [
        'Query',
        {
          ...CONSISTENT,
          KeyConditionExpression: '#pk = :v0 AND begins_with(#sk, :v1)',
          ScanIndexForward: false,
          ExclusiveStartKey: { pk: { S: 'p' }, sk: { S: 'x#1' } },
          Limit: 7,
          FilterExpression: '#n > :v2',
          ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk', '#n': 'n' },
          ExpressionAttributeValues: { ':v0': { S: 'p' }, ':v1': { S: 'x#' }, ':v2': { N: '5' } },
        },
      ],
    ]);
    expect(result).toEqual({ items: [KEY], next: 'x#0' });
  });

  it('of everything', async () => {
    const { sent } = await sentBy(table => table.scan({}));
    expect(sent).toEqual([['Scan', CONSISTENT]]);
  });

  it('of everything behind a key, of some attributes, with every bound', async () => {
    const range = { after: KEY, limit: 3, where: exists('hash'), attributes: ['id', 'pk'] };
    const answer = { Items: [WIRE_KEY], LastEvaluatedKey: WIRE_KEY };
    const { sent, result } = await sentBy(table => table.scan(range), { answer });
    expect(sent).toEqual([
      [
        'Scan',
        {
          ...CONSISTENT,
          ExclusiveStartKey: WIRE_KEY,
          ProjectionExpression: '#pk, #sk, #id',
          Limit: 3,
          FilterExpression: 'attribute_exists(#hash)',
          ExpressionAttributeNames: { '#pk': 'pk', '#sk': 'sk', '#id': 'id', '#hash': 'hash' },
        },
      ],
    ]);
    expect(result).toEqual({ items: [KEY], next: KEY });
  });
});

describe('a write', () => {
  it('that adds an item is the statement that replaces none', async () => {
    const { sent, result } = await sentBy(table => table.insert({ ...KEY, n: 1 }));
    expect(sent).toEqual([
      [
        'ExecuteStatement',
        {
          Statement: `INSERT INTO "pullpass" VALUE {'pk': ?, 'sk': ?, 'n': ?}`,
          Parameters: [{ S: KEY.pk }, { S: KEY.sk }, { N: '1' }],
        },
      ],
    ]);
    expect(result).toBe(true);
  });

  it.each(['DuplicateItem', 'DuplicateItemException'])(
    'that adds an item which is there is refused: %s',
    async name => {
      const answer = Object.assign(new Error(), { name });
      expect((await sentBy(table => table.insert(KEY), { answer })).result).toBe(false);
    },
  );

  it.each(['DuplicateItems', 'XDuplicateItem', 'ConditionalCheckFailedException'])(
    'that adds an item and ends in %s may have been carried out',
    async name => {
      const answer = Object.assign(new Error(), { name });
      const error = await rejectionOf(sentBy(table => table.insert(KEY), { answer }));
      expect(error.details.reason).toBe(`store: ${name}`);
    },
  );

  it('that ends in something that is no Error is unavailable too', async () => {
    const table = dynamoTable('pullpass', { bytes: 'raw', send: () => Promise.reject('odd') });
    for (const act of [table.insert(KEY), table.put(KEY), table.get(KEY)]) {
      expect((await rejectionOf(act)).details.reason).toBe('store: unknown error');
    }
  });

  it.each(['ConditionalCheckFailedExceptions', 'XConditionalCheckFailedException'])(
    'whose error is %s did not fail by its condition',
    async name => {
      const answer = Object.assign(new Error(), { name });
      const error = await rejectionOf(sentBy(table => table.put(KEY), { answer }));
      expect(error.details.reason).toBe(`store: ${name}`);
    },
  );

  it('of a whole item, and a deletion, have their condition', async () => {
    const isNew = absent('pk');
    const put = await sentBy(table => table.put({ ...KEY, a: 'x' }, isNew));
    const removal = await sentBy(table => table.delete(KEY, isNew));
    const condition = {
      TableName: 'pullpass',
      ConditionExpression: 'attribute_not_exists(#pk)',
      ExpressionAttributeNames: { '#pk': 'pk' },
    };
    expect(put.sent).toEqual([['PutItem', { ...condition, Item: { ...WIRE_KEY, a: { S: 'x' } } }]]);
    expect(removal.sent).toEqual([['DeleteItem', { ...condition, Key: WIRE_KEY }]]);
    expect([put.result, removal.result]).toEqual([true, true]);
  });

  it.each<[string, Parameters<Table['update']>[1], object]>([
    [
      'sets and removes',
      { set: { a: 'x', b: 2 }, setIfAbsent: { c: 'y' }, remove: ['d', 'e'] },
      {
        UpdateExpression: 'SET #a = :v0, #b = :v1, #c = if_not_exists(#c, :v2) REMOVE #d, #e',
        ExpressionAttributeNames: { '#a': 'a', '#b': 'b', '#c': 'c', '#d': 'd', '#e': 'e' },
        ExpressionAttributeValues: { ':v0': { S: 'x' }, ':v1': { N: '2' }, ':v2': { S: 'y' } },
      },
    ],
    [
      'only removes',
      { remove: ['d'] },
      { UpdateExpression: 'REMOVE #d', ExpressionAttributeNames: { '#d': 'd' } },
    ],
    [
      'only sets what is absent',
      { setIfAbsent: { c: 'y' } },
      {
        UpdateExpression: 'SET #c = if_not_exists(#c, :v0)',
        ExpressionAttributeNames: { '#c': 'c' },
        ExpressionAttributeValues: { ':v0': { S: 'y' } },
      },
    ],
  ])('that %s', async (_, change, expected) => {
    const { sent } = await sentBy(table => table.update(KEY, change));
    expect(sent).toEqual([['UpdateItem', { TableName: 'pullpass', Key: WIRE_KEY, ...expected }]]);
  });
});

describe('a condition', () => {
  it.each<[Condition, string]>([
    [exists('a'), 'attribute_exists(#a)'],
    [absent('a'), 'attribute_not_exists(#a)'],
    [compare('a', '<=', 1), '#a <= :v0'],
    [all(exists('a')), 'attribute_exists(#a)'],
    [any(all(any(absent('a')))), 'attribute_not_exists(#a)'],
    [all(exists('a'), compare('b', '=', 'x')), '(attribute_exists(#a)) AND (#b = :v0)'],
    [any(compare('a', '<', 1), compare('a', '>', 2)), '(#a < :v0) OR (#a > :v1)'],
    [
      any(all(exists('a'), exists('b')), exists('c')),
      '((attribute_exists(#a)) AND (attribute_exists(#b))) OR (attribute_exists(#c))',
    ],
  ])('%j is written as %s', async (condition, expected) => {
    const { sent } = await sentBy(table => table.delete(KEY, condition));
    expect(sent[0]?.[1]).toMatchObject({ ConditionExpression: expected });
  });
});

describe('an attribute', () => {
  const ITEM = {
    ...KEY,
    ...{ text: 'x', empty: '', number: -7, zero: 0, list: ['b', ''], noList: [], map: { a: 'c' }, noMap: {} },
    none: null,
  } satisfies Item;
  const WIRE = {
    ...WIRE_KEY,
    ...{ text: { S: 'x' }, empty: { S: '' }, number: { N: '-7' }, zero: { N: '0' } },
    ...{
      list: { L: [{ S: 'b' }, { S: '' }] },
      noList: { L: [] },
      map: { M: { a: { S: 'c' } } },
      noMap: { M: {} },
    },
    none: { NULL: true },
  };
  const BYTES = Uint8Array.of(0, 255);

  it.each<[BytesForm, unknown]>([
    ['raw', BYTES],
    ['base64', 'AP8='],
  ])(
    'is written and read with its type, and bytes as the transport takes them: %s',
    async (form, wireBytes) => {
      const { sent } = await sentBy(table => table.put({ ...ITEM, bytes: BYTES }), { bytes: form });
      const Item = { ...WIRE, bytes: { B: wireBytes } };
      expect(sent).toEqual([['PutItem', { TableName: 'pullpass', Item }]]);
      const { result } = await sentBy(table => table.get(KEY), { answer: { Item } });
      const { bytes, ...rest } = result as Item;
      expect(rest).toEqual(ITEM);
      expect([...(bytes as Uint8Array)]).toEqual([0, 255]);
    },
  );

  it.each([1.5, 2 ** 53, Number.NaN])('that is no whole number is refused: %d', async number => {
    const error = await rejectionOf(sentBy(table => table.put({ ...KEY, number })));
    expect(error.details).toMatchObject({
      reason: 'store: RangeError',
      cause: { message: `${number} is not a whole number` },
    });
  });
});
