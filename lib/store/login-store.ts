/** What a login reads, in one call, and the hourly note that a token was used. */
import type { UpdateItemCommandInput } from '@aws-sdk/client-dynamodb';
import { accountHandle } from '../domain/account.ts';
import type { TokenAddress } from '../domain/registry-token.ts';
import { isNamespace } from '../domain/repository.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { LoginQuery, LoginRecords, LoginStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { type Item, integer } from './attributes.ts';
import { type BatchGet, readItems } from './batch-get.ts';
import { updateOf } from './expressions.ts';
import { CLAIM, claimKey, endedKey, type Key, tokenKey } from './keys.ts';
import { fromClaimItem } from './namespace-store.ts';
import { fromTokenItem, isTombstone } from './token-store.ts';

/** The two calls that a login makes of DynamoDB. */
export interface LoginCalls {
  batchGetItem: BatchGet;
  /** Rejects when the signal says so, and when the condition does not hold. */
  updateItem(input: UpdateItemCommandInput, signal: AbortSignal): Promise<unknown>;
}

export interface LoginTable {
  readonly calls: LoginCalls;
  readonly table: string;
}

/** A login waits no longer for the note, in milliseconds. */
const TOUCH_MS = 100;
/** Instances remember so many tokens that they have noted. */
const MAX_NOTED = 10_000;
/**
 * The note never makes an item, nor a record of a tombstone, which it leaves one. It names no other attribute: IAM counts
 * those of a condition among those that are written, so the function is allowed `lastUsedAt` alone.
 */
const DUE = 'attribute_exists(#pk) AND (attribute_not_exists(#lastUsedAt) OR #lastUsedAt < :hourAgo)';

/**
 * `read` throws `unavailable` when DynamoDB does not answer in full, `internal` when an item is malformed.
 */
export function loginStore(options: LoginTable & { readonly randomBytes: RandomBytes }): LoginStore {
  const noted = new Map<string, number>();
  return {
    read: question => read(options, question),
    touch: async (record, now) => {
      const last = record.lastUsedAt ?? Number.NEGATIVE_INFINITY;
      if (now - last < HOUR_SECONDS || now < (noted.get(record.id) ?? 0)) return;
      // Apart by up to four minutes, so that the instances that met once do not meet at the same second each hour.
      const [jitter = 0] = options.randomBytes(1);
      remember(noted, record.id, now + HOUR_SECONDS + jitter);
      await touch(options, record, now).catch(() => undefined);
    },
  };
}

async function read(
  { calls, table }: LoginTable,
  { token: address, credential, namespaces }: LoginQuery,
): Promise<LoginRecords> {
  const claimed = [...new Set(namespaces)].filter(isNamespace);
  const named = [address && tokenKey(address), credential && endedKey(credential)];
  const keys = [...named.filter(key => key !== undefined), ...claimed.map(claimKey)];
  const items = await readItems(calls.batchGetItem, table, keys);
  const at = (wanted: Key | undefined) => wanted && items.find(({ sk }) => sk?.S === wanted.sk.S);
  const [token, ended] = named.map(at);
  return {
    token: address && token && tokenAt(address, token),
    removed: token !== undefined && isTombstone(token),
    revoked: ended !== undefined,
    claims: items.filter(({ sk }) => sk?.S === CLAIM).map(fromClaimItem),
  };
}

/** A record speaks only for the account whose handle its key holds. */
function tokenAt({ handle, id }: TokenAddress, item: Item): TokenRecord | undefined {
  const record = fromTokenItem(item);
  return record?.id === id && accountHandle(record.account) === handle ? record : undefined;
}

async function touch({ calls, table }: LoginTable, record: TokenRecord, now: number): Promise<void> {
  const update = updateOf(table, tokenKey({ handle: accountHandle(record.account), id: record.id }), {
    set: { lastUsedAt: integer(now) },
    condition: DUE,
    values: { ':hourAgo': integer(now - HOUR_SECONDS) },
  });
  await calls.updateItem(update, AbortSignal.timeout(TOUCH_MS));
}

function remember(noted: Map<string, number>, id: string, until: number): void {
  noted.delete(id);
  const [oldest] = noted.keys();
  if (noted.size >= MAX_NOTED && oldest !== undefined) noted.delete(oldest);
  noted.set(id, until);
}
