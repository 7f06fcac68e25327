/** The records of registry tokens, and the tombstones that take their place. */

import { isDeepStrictEqual } from 'node:util';
import { PutItemCommand, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import { type Account, accountHandle } from '../domain/account.ts';
import { IDEMPOTENCY_SECONDS } from '../domain/idempotency.ts';
import { SALT_BYTES } from '../domain/registry-token.ts';
import { isPattern } from '../domain/repository.ts';
import { isExpired, type TokenRecord } from '../domain/token-record.ts';
import { isUuid } from '../domain/uuid.ts';
import type { TokenPage, TokenStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { conditionHolds } from './answered.ts';
import {
  asBytes,
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTextsThat,
  asTextThat,
  bytes,
  type Item,
  integer,
  malformed,
  read,
  readOrNull,
  text,
  texts,
} from './attributes.ts';
import { confirmWrite, newWriteId, queryItems, readItem, type Table } from './calls.ts';
import { namesIn, updateOf } from './expressions.ts';
import { type Key, nameIn, partitionOf, TOKEN_PREFIX, tokenKey } from './keys.ts';

const HASH_BYTES = 32;

/** All that a record has and a tombstone must not: neither secrets nor their origin, nor a version to write over. */
const TOMBSTONE_DROPS = [
  'hash',
  'salt',
  'derivationKey',
  'generation',
  'issuedBy',
  'access',
  'repositories',
  'description',
  'createdAt',
  'createdBy',
  'disabledAt',
  'disabledBy',
  'lastUsedAt',
  'previousHash',
  'previousExpiresAt',
  'version',
] as const;

/** Attributes that are both there or both absent: half a fact could widen what the whole one narrowed. */
const PAIRS = [
  ['salt', 'derivationKey'],
  ['disabledAt', 'disabledBy'],
  ['previousHash', 'previousExpiresAt'],
] as const;

/** The attributes of a record; what is null is absent. */
export function toTokenItem(record: TokenRecord): Item {
  const { derivation, repositories, expiresAt, disabled, lastUsedAt, previous } = record;
  return {
    account: text(record.account),
    id: text(record.id),
    hash: bytes(record.hash),
    ...(derivation === null ? {} : { salt: bytes(derivation.salt), derivationKey: text(derivation.key) }),
    generation: integer(record.generation),
    issuedBy: text(record.issuanceId),
    access: text(record.access),
    ...(repositories === null ? {} : { repositories: texts(repositories) }),
    description: text(record.description),
    createdAt: integer(record.createdAt),
    createdBy: text(record.createdBy),
    ...(expiresAt === null ? {} : { expiresAt: integer(expiresAt) }),
    ...(disabled === null ? {} : { disabledAt: integer(disabled.at), disabledBy: text(disabled.by) }),
    ...(lastUsedAt === null ? {} : { lastUsedAt: integer(lastUsedAt) }),
    ...(previous === null
      ? {}
      : { previousHash: bytes(previous.hash), previousExpiresAt: integer(previous.expiresAt) }),
    version: integer(record.version),
  };
}

export function isTombstone(item: Item): boolean {
  return item.removedAt !== undefined;
}

/** The record in an item; undefined for a tombstone. Throws `internal` when the item is malformed. */
export function fromTokenItem(item: Item): TokenRecord | undefined {
  if (isTombstone(item)) return undefined;
  const salt = readOrNull(item, 'salt', asBytes(SALT_BYTES));
  const disabledAt = readOrNull(item, 'disabledAt', asInteger);
  const previousHash = readOrNull(item, 'previousHash', asBytes(HASH_BYTES));
  for (const pair of PAIRS) checkPair(item, pair);
  return {
    account: read(item, 'account', asQualified),
    id: read(item, 'id', asTextThat(isUuid)),
    hash: read(item, 'hash', asBytes(HASH_BYTES)),
    derivation: salt === null ? null : { key: read(item, 'derivationKey', asText), salt },
    generation: read(item, 'generation', asInteger),
    issuanceId: read(item, 'issuedBy', asText),
    access: read(item, 'access', asOneOf('pull', 'push')),
    repositories: readOrNull(item, 'repositories', asTextsThat(isPattern)),
    description: read(item, 'description', asText),
    createdAt: read(item, 'createdAt', asInteger),
    createdBy: read(item, 'createdBy', asQualified),
    expiresAt: readOrNull(item, 'expiresAt', asInteger),
    disabled: disabledAt === null ? null : { at: disabledAt, by: read(item, 'disabledBy', asQualified) },
    lastUsedAt: readOrNull(item, 'lastUsedAt', asInteger),
    previous:
      previousHash === null
        ? null
        : { hash: previousHash, expiresAt: read(item, 'previousExpiresAt', asInteger) },
    version: read(item, 'version', asInteger),
  };
}

/** What has to be set and removed to make `before` into `after`. */
export function difference(before: TokenRecord, after: TokenRecord): { set: Item; remove: string[] } {
  const old = toTokenItem(before);
  const next = toTokenItem(after);
  const changed = Object.entries(next).filter(([name, value]) => !isDeepStrictEqual(old[name], value));
  return { set: Object.fromEntries(changed), remove: Object.keys(old).filter(name => !(name in next)) };
}

/**
 * What has to be set and removed to make a record into a tombstone. It outlives every idempotency record that could
 * still ask for the token to be added.
 */
export function tombstone(now: number): { set: Item; remove: readonly string[] } {
  return {
    set: { removedAt: integer(now), expiresAt: integer(now + IDEMPOTENCY_SECONDS) },
    remove: TOMBSTONE_DROPS,
  };
}

function checkPair(item: Item, [first, second]: (typeof PAIRS)[number]): void {
  if (first in item !== second in item) throw malformed(item, first);
}

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
