/** What requests with an `Idempotency-Key` have done, in DynamoDB. Never holds a value or an answer. */
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import type { Account } from '../domain/account.ts';
import { unavailable } from '../domain/errors.ts';
import { IDEMPOTENCY_SECONDS, type IdempotencyRecord } from '../domain/idempotency.ts';
import { isUuid } from '../domain/uuid.ts';
import type { IdempotencyStore } from '../ports/stores.ts';
import { conditionHolds } from './answered.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTextThat,
  type Item,
  integer,
  malformed,
  read,
  text,
} from './attributes.ts';
import { readItem, type Table } from './calls.ts';
import { namesIn, updateOf } from './expressions.ts';
import { nameIn, REQUEST_PREFIX, requestKey } from './keys.ts';

const FREE = 'attribute_not_exists(pk) OR #expiresAt <= :now';

/** Both methods throw `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function idempotencyStore({ client, table }: Table): IdempotencyStore {
  return {
    begin: async (account, record, now) => {
      const key = requestKey(account, record.key);
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...key, ...toRequestItem(account, record) },
        ConditionExpression: FREE,
        ExpressionAttributeNames: namesIn(FREE),
        ExpressionAttributeValues: { ':now': integer(now) },
      });
      if (await conditionHolds(client.send(command))) return record;
      const standing = await readItem({ client, table }, key);
      // It ended between the two calls: nobody knows any more what stood there.
      if (standing === undefined) throw unavailable('request record gone');
      return fromRequestItem(account, standing);
    },
    finish: async (account, record) => {
      const update = updateOf(table, requestKey(account, record.key), {
        set: { state: text('done') },
        condition: '#write = :write',
        values: { ':write': text(record.write) },
      });
      await conditionHolds(client.send(new UpdateItemCommand(update)));
    },
  };
}

function toRequestItem(account: Account, record: IdempotencyRecord): Item {
  return {
    account: text(account),
    payload: text(record.payload),
    tokenId: text(record.tokenId),
    generation: integer(record.generation),
    write: text(record.write),
    state: text(record.state),
    createdAt: integer(record.createdAt),
    expiresAt: integer(record.createdAt + IDEMPOTENCY_SECONDS),
  };
}

function fromRequestItem(account: Account, item: Item): IdempotencyRecord {
  if (read(item, 'account', asQualified) !== account) throw malformed(item, 'account');
  return {
    key: nameIn(item, 'sk', REQUEST_PREFIX),
    payload: read(item, 'payload', asText),
    tokenId: read(item, 'tokenId', asTextThat(isUuid)),
    generation: read(item, 'generation', asInteger),
    write: read(item, 'write', asText),
    state: read(item, 'state', asOneOf('pending', 'done')),
    createdAt: read(item, 'createdAt', asInteger),
  };
}
