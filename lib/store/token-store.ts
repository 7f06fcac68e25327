/** The records of registry tokens in DynamoDB. */
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Account, accountHandle } from '../domain/account.ts';
import { isExpired, type TokenRecord } from '../domain/token-record.ts';
import type { RandomBytes, TokenPage, TokenStore } from '../ports.ts';
import { conditionHolds } from './answered.ts';
import { type Item, integer, text } from './attributes.ts';
import { confirmWrite, newWriteId, queryItems, readItem, type Table } from './calls.ts';
import { namesIn, updateOf } from './expressions.ts';
import { type Key, nameIn, partitionOf, TOKEN_PREFIX, tokenKey } from './keys.ts';
import { difference, fromTokenItem, tombstone, toTokenItem } from './token-item.ts';

/** A tombstone has no version, so no write over a version can revive it. */
const STANDS = '#version = :version AND (attribute_not_exists(#expiresAt) OR #expiresAt > :now)';
const LISTED = 'attribute_not_exists(#expiresAt) OR #expiresAt > :now';

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function tokenStore(options: Table & { readonly randomBytes: RandomBytes }): TokenStore {
  return {
    add: record => add(options, record),
    get: async (account, id, now) => {
      const record = ownRecord(account, await readItem(options, keyOf(account, id)));
      return record === undefined || isExpired(record, now) ? undefined : record;
    },
    list: (account, page) => list(options, account, page),
    update: (before, after, now) => replace(options, before, { ...difference(before, after), now }),
    remove: (record, now) => replace(options, record, { ...tombstone(now), now }),
    addTombstone: (account, id, now) => bury(options, { account, id, now }),
  };
}

type Options = Parameters<typeof tokenStore>[0];

async function add(options: Options, record: TokenRecord): Promise<boolean> {
  const { client, table, randomBytes } = options;
  const at = keyOf(record.account, record.id);
  const lastWrite = newWriteId(randomBytes);
  const command = new PutItemCommand({
    TableName: table,
    Item: { ...at, ...toTokenItem(record), lastWrite: text(lastWrite) },
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  return confirmWrite(options, at, lastWrite, client.send(command));
}

async function replace(
  options: Options,
  before: TokenRecord,
  change: { readonly set: Item; readonly remove: readonly string[]; readonly now: number },
): Promise<boolean> {
  const { client, table, randomBytes } = options;
  const at = keyOf(before.account, before.id);
  const lastWrite = newWriteId(randomBytes);
  const update = updateOf(table, at, {
    set: { ...change.set, lastWrite: text(lastWrite) },
    remove: change.remove,
    condition: STANDS,
    values: { ':version': integer(before.version), ':now': integer(change.now) },
  });
  return confirmWrite(options, at, lastWrite, client.send(new UpdateItemCommand(update)));
}

interface Grave {
  readonly account: Account;
  readonly id: string;
  readonly now: number;
}

async function bury({ client, table }: Options, { account, id, now }: Grave): Promise<void> {
  const command = new PutItemCommand({
    TableName: table,
    Item: { ...keyOf(account, id), account: text(account), id: text(id), ...tombstone(now).set },
    ConditionExpression: 'attribute_not_exists(pk)',
  });
  await conditionHolds(client.send(command));
}

async function list(options: Table, account: Account, page: TokenPage): ReturnType<TokenStore['list']> {
  const range = { pk: partitionOf(account), prefix: TOKEN_PREFIX };
  const answer = await queryItems(options, range, {
    // Identifiers of version 7 begin with the time, so the newest are the last.
    ScanIndexForward: false,
    Limit: page.limit,
    ...(page.after === undefined ? {} : { ExclusiveStartKey: keyOf(account, page.after) }),
    FilterExpression: LISTED,
    ExpressionAttributeNames: namesIn(LISTED),
    ExpressionAttributeValues: { ':now': integer(page.now) },
  });
  const records = (answer.Items ?? []).map(item => ownRecord(account, item));
  return {
    records: records.filter(record => record !== undefined),
    next: answer.LastEvaluatedKey && nameIn(answer.LastEvaluatedKey, 'sk', TOKEN_PREFIX),
  };
}

/** The account stands in every item: should two accounts ever share a handle, neither sees the other's tokens. */
function ownRecord(account: Account, item: Item | undefined): TokenRecord | undefined {
  const record = item && fromTokenItem(item);
  return record?.account === account ? record : undefined;
}

function keyOf(account: Account, id: string): Key {
  return tokenKey({ handle: accountHandle(account), id });
}
