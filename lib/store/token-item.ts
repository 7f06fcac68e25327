/** A token's record as an item, and the tombstone that takes its place. */
import { isDeepStrictEqual } from 'node:util';
import { IDEMPOTENCY_SECONDS } from '../domain/idempotency.ts';
import { SALT_BYTES } from '../domain/registry-token.ts';
import { isPattern } from '../domain/repository.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import { isUuid } from '../domain/uuid.ts';
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
