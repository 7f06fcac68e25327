/** The records of registry tokens, the tombstones that replace removed ones, and the names that tokens have. */

import { isDeepStrictEqual } from 'node:util';
import { IDEMPOTENCY_SECONDS } from '../domain/idempotency.ts';
import { type Account, accountHandle, isUuid, UUID_RANDOM_BYTES, uuidV7 } from '../domain/identifiers.ts';
import { cloudEventOf, noticeOfChange, REMOVED } from '../domain/notice.ts';
import { nameEnd } from '../domain/token-name.ts';
import { isExpired, type TokenRecord } from '../domain/token-record.ts';
import type { Outbox, OutboxEntry } from '../ports/notices.ts';
import type { TokenNameStore, TokenPage, TokenStore } from '../ports/stores.ts';
import {
  type Attributes,
  absent,
  all,
  any,
  type Change,
  compare,
  exists,
  type Item,
  type Key,
  type Table,
} from '../ports/table.ts';
import { confirmWrite, type StoreOptions } from './calls.ts';
import {
  asQualified,
  asTextThat,
  attributesOf,
  malformed,
  nameKey,
  partitionOf,
  read,
  TOKEN_PREFIX,
  tokenKey,
} from './items.ts';
import { markOf } from './outbox-store.ts';
import { fromTokenItem, TOMBSTONE_DROPS, toTokenAttributes } from './token-items.ts';

export interface TokenStoreOptions extends StoreOptions {
  /** Where acts are announced; absent: nowhere. */
  readonly notices?: NoticeOptions | undefined;
}

export interface NoticeOptions {
  readonly outbox: Pick<Outbox, 'prepare' | 'remove'>;
  readonly publicUrl: string;
}

/** Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function tokenStore(options: TokenStoreOptions): TokenStore {
  const { table } = options;
  return {
    add: async record => {
      const key = keyOf(record.account, record.id);
      const item = { ...key, ...toTokenAttributes(record) };
      const send = (writeId: Attributes) => table.put({ ...item, ...writeId }, absent('pk'));
      return confirmWrite(options, { key, number: record.version, send });
    },
    get: async (account, id, now) => {
      const record = ownRecord(account, await table.get(keyOf(account, id)));
      return record === undefined || isExpired(record, now) ? undefined : record;
    },
    list: (account, page) => list(table, account, page),
    update: (before, after, now) =>
      replace(options, before, {
        change: difference(before, after),
        version: after.version,
        now,
        notice: noticeOfChange(before, after),
        after,
      }),
    remove: (record, now) => {
      const change = { set: tombstone(now), remove: TOMBSTONE_DROPS };
      const version = record.version + 1;
      return replace(options, record, { change, version, now, notice: REMOVED, after: record });
    },
    addTombstone: async (account, id, now) => {
      await table.put({ ...keyOf(account, id), account, id, ...tombstone(now) }, absent('pk'));
    },
  };
}

/** Only over the version that was read. A tombstone has no version, so no write over a version can revive it. */
async function replace(
  options: TokenStoreOptions,
  before: TokenRecord,
  replacement: Replacement,
): Promise<boolean> {
  const { change, version, now } = replacement;
  const key = keyOf(before.account, before.id);
  const entry = entryOf(options, replacement);
  // Before the act, which marks the token in the same write: so no event of an act is lost, and none is sent of what did not happen.
  if (entry !== undefined) await options.notices?.outbox.prepare(entry);
  const mark = entry === undefined ? {} : markOf(entry);
  const condition = all(compare('version', '=', before.version), isUnexpired(now));
  const send = (writeId: Attributes) =>
    options.table.update(key, { ...change, set: { ...change.set, ...mark, ...writeId } }, condition);
  const isDone = await confirmWrite(options, { key, number: version, send });
  if (!isDone && entry !== undefined) await options.notices?.outbox.remove(entry).catch(() => undefined);
  return isDone;
}

function entryOf(
  { notices, randomBytes }: TokenStoreOptions,
  { notice, after, version, now }: Replacement,
): OutboxEntry | undefined {
  if (notices === undefined || notice === undefined) return undefined;
  const id = uuidV7(now * 1000, randomBytes(UUID_RANDOM_BYTES));
  const event = cloudEventOf({ id, ...notice, at: now, token: after }, notices.publicUrl);
  const token = { handle: accountHandle(after.account), id: after.id };
  return { id, type: notice.type, token, dueAt: now, event, expects: version };
}

interface Replacement {
  readonly change: Change;
  /** The version that the write makes. */
  readonly version: number;
  readonly now: number;
  /** What is announced of it; undefined: nothing. */
  readonly notice: ReturnType<typeof noticeOfChange>;
  /** The token as events describe it. */
  readonly after: TokenRecord;
}

async function list(
  table: Table,
  account: Account,
  { limit, after, idPrefix = '', now }: TokenPage,
): ReturnType<TokenStore['list']> {
  const page = await table.query({
    pk: partitionOf(account),
    prefix: TOKEN_PREFIX + idPrefix,
    // Identifiers of version 7 begin with the time, so the newest are the last.
    descending: true,
    limit,
    after: after === undefined ? undefined : TOKEN_PREFIX + after,
    where: isUnexpired(now),
  });
  return {
    records: page.items.map(item => ownRecord(account, item)).filter(record => record !== undefined),
    next: page.next?.slice(TOKEN_PREFIX.length),
  };
}

const isUnexpired = (now: number) => any(absent('expiresAt'), compare('expiresAt', '>', now));

/** Every item names its account: should two accounts ever share a handle, neither sees the other's tokens. */
function ownRecord(account: Account, item: Item | undefined): TokenRecord | undefined {
  const record = item && fromTokenItem(item);
  return record?.account === account ? record : undefined;
}

function keyOf(account: Account, id: string): Key {
  return tokenKey({ handle: accountHandle(account), id });
}

/** Outlives every idempotency record that could still ask for the token to be added, also where clocks differ by a day. */
const TOMBSTONE_SECONDS = 2 * IDEMPOTENCY_SECONDS;

function tombstone(now: number): Attributes {
  return { removedAt: now, expiresAt: now + TOMBSTONE_SECONDS };
}

/** What makes the attributes of `before` into those of `after`. */
function difference(before: TokenRecord, after: TokenRecord): Change {
  const old = toTokenAttributes(before);
  const next = toTokenAttributes(after);
  const changed = Object.entries(next).filter(([name, value]) => !isDeepStrictEqual(old[name], value));
  return { set: Object.fromEntries(changed), remove: Object.keys(old).filter(name => !(name in next)) };
}

/**
 * The names of an account's tokens, each with the id of the token that has it or is about to have it. Every method throws
 * as those of the records do. A write whose answer is lost needs no mark of its own: who looks again finds its own id.
 */
export function tokenNameStore({ table }: { readonly table: Table }): TokenNameStore {
  return {
    idOf: async (account, name) => {
      const item = await table.get(nameKey(account, name));
      return item && fromNameItem(item, account).tokenId;
    },
    give: (account, name, { before, id, expiresAt }) => {
      const facts = { account, tokenId: id, expiresAt: nameEnd(expiresAt) };
      const isStillSo = before === undefined ? absent('pk') : compare('tokenId', '=', before);
      return table.put({ ...nameKey(account, name), ...attributesOf(facts) }, isStillSo);
    },
    extend: async (account, name, { id, expiresAt }) => {
      const end = nameEnd(expiresAt);
      const change = end === null ? { remove: ['expiresAt'] } : { set: { expiresAt: end } };
      const isShorter = end === null ? exists('expiresAt') : compare('expiresAt', '<', end);
      await table.update(nameKey(account, name), change, all(compare('tokenId', '=', id), isShorter));
    },
    free: async (account, name, id) => {
      await table.delete(nameKey(account, name), compare('tokenId', '=', id));
    },
  };
}

/** Throws `internal` when the item is malformed, or another account's. */
export function fromNameItem(
  item: Item,
  account: Account = read(item, 'account', asQualified),
): { readonly tokenId: string } {
  if (read(item, 'account', asQualified) !== account) throw malformed(item, 'account');
  return { tokenId: read(item, 'tokenId', asTextThat(isUuid)) };
}
