/** What a login reads, in one call, and the last use of a token's values. */
import type { RulesRecord } from '../domain/account-rules.ts';
import { accountHandle } from '../domain/identifiers.ts';
import { SALT_BYTES, type TokenAddress } from '../domain/registry-token.ts';
import { isNamespace } from '../domain/repository.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { TokenUse } from '../domain/token-use.ts';
import type { LoginQuery, LoginRecords, LoginStore } from '../ports/stores.ts';
import { absent, all, any, compare, exists, type Item, type Key, type Table } from '../ports/table.ts';
import { fromRulesItem } from './account-rules-store.ts';
import type { StoreOptions } from './calls.ts';
import { accountRulesKey, CLAIM, claimKey, isTombstone, revokedKey, tokenKey } from './items.ts';
import { fromClaimItem } from './namespace-store.ts';
import { fromTokenItem, toTokenAttributes, toUse } from './token-items.ts';

/** How long a login waits for the last use to be stored, in milliseconds. */
const TOUCH_MS = 100;
/** How many values an instance remembers to have touched. */
const MAX_TOUCHED = 10_000;

/** `read` throws `unavailable` when the table does not answer in full, `internal` when an item is malformed. */
export function loginStore({
  table,
  randomBytes,
  touchMs = TOUCH_MS,
}: StoreOptions & { readonly touchMs?: number }): LoginStore {
  /** By value: when its last use was stored, and for how long that is enough; seconds. */
  const touched = new Map<string, { at: number; enoughFor: number }>();
  return {
    read: query => read(table, query),
    touch: async (record, generation, use) => {
      const value = generation === record.generation ? currentValue(record) : previousValue(record);
      const { last } = value;
      if (last !== null && last >= value.since && isRecent(last, HOUR_SECONDS, use.at)) return;
      const name = `${record.id} ${record.generation} ${generation}`;
      const stored = touched.get(name);
      if (stored !== undefined && isRecent(stored.at, stored.enoughFor, use.at)) return;
      // Spread over four minutes, so that instances that touched at once do not do so again each hour.
      const [jitter = 0] = randomBytes(1);
      // The one that was stored first; it may be stored again too early.
      if (touched.size === MAX_TOUCHED) touched.delete(touched.keys().next().value ?? '');
      touched.set(name, { at: use.at, enoughFor: HOUR_SECONDS + jitter });
      const key = tokenKey({ handle: accountHandle(record.account), id: record.id });
      await touch(table, key, { value, use, signal: AbortSignal.timeout(touchMs) }).catch(() => undefined);
    },
  };
}

/** Where the last use of a value is stored. */
interface UsedValue {
  readonly time: 'previousUsedAt' | 'valueUsedAt';
  readonly facts: 'previousUse' | 'valueUse';
  readonly last: number | null;
  /** Uses before this count for nothing. */
  readonly since: number;
}

function currentValue({ lastUse }: TokenRecord): UsedValue {
  return { time: 'valueUsedAt', facts: 'valueUse', last: lastUse?.at ?? null, since: 0 };
}

/** Its first use after the rotation is stored at once: until then it may be silent. */
function previousValue({ previousUse, valueIssuedAt }: TokenRecord): UsedValue {
  const last = previousUse?.at ?? null;
  return { time: 'previousUsedAt', facts: 'previousUse', last, since: valueIssuedAt ?? 0 };
}

/** A use in the future was stored by a clock that was ahead, and counts for nothing. */
function isRecent(at: number, seconds: number, now: number): boolean {
  return at <= now && now - at < seconds;
}

async function read(
  table: Table,
  { token: address, credential, rules: handle, namespaces }: LoginQuery,
): Promise<LoginRecords> {
  const claimed = [...new Set(namespaces)].filter(isNamespace);
  const named = [
    address && tokenKey(address),
    credential && revokedKey(credential),
    handle === undefined ? undefined : accountRulesKey(handle),
  ];
  const keys = [...named.filter(key => key !== undefined), ...claimed.map(claimKey)];
  const items = keys.length === 0 ? [] : await table.batchGet(keys);
  const at = (key: Key | undefined) => key && items.find(({ sk }) => sk === key.sk);
  const [token, revoked, rules] = named.map(at);
  return {
    token: address && tokenAt(address, token),
    removed: token !== undefined && isTombstone(token),
    revoked: revoked !== undefined,
    claims: items.filter(({ sk }) => sk === CLAIM).map(fromClaimItem),
    ...(handle === undefined ? {} : { rules: rulesAt(handle, rules) }),
  };
}

/** Rules count only for the account whose handle is in their key. */
function rulesAt(handle: string, item: Item | undefined): RulesRecord | null {
  const record = item && fromRulesItem(item);
  return record !== undefined && accountHandle(record.account) === handle ? record : null;
}

/**
 * A record counts only for the account whose handle is in its key. Where there is no record, another one is parsed and
 * compared in its place: how long a refusal takes does not tell an id that is unknown or removed from a wrong secret.
 */
function tokenAt({ handle, id }: TokenAddress, item: Item | undefined): TokenRecord | undefined {
  const record = item && !isTombstone(item) ? item : NO_RECORD;
  const token = fromTokenItem(record);
  const isItsAccount = token !== undefined && accountHandle(token.account) === handle;
  return record !== NO_RECORD && isItsAccount && token.id === id ? token : undefined;
}

/** The record of an ordinary token that does not exist. */
const NO_RECORD: Item = {
  pk: '',
  sk: '',
  ...toTokenAttributes({
    account: 'none:none',
    id: '00000000-0000-7000-8000-000000000000',
    hash: Buffer.alloc(32),
    derivation: { key: 'k1', salt: Buffer.alloc(SALT_BYTES) },
    generation: 1,
    issuanceId: '0000000000000000',
    access: 'pull',
    repositories: null,
    pullsPerDay: null,
    networks: null,
    selfRotate: false,
    name: null,
    description: '',
    labels: {},
    owner: null,
    createdAt: 0,
    createdBy: 'none:none',
    valueIssuedAt: 0,
    expiresAt: 0,
    disabled: null,
    lastUsedAt: null,
    lastUse: null,
    previous: null,
    previousUse: null,
    version: 1,
  }),
};

interface Touch {
  readonly value: UsedValue;
  readonly use: TokenUse;
  readonly signal: AbortSignal;
}

/**
 * Never makes an item, nor a record of a tombstone. The condition names no other attribute than it sets: IAM counts those
 * of a condition among those that are written, so the function is allowed the five of last uses alone. A login that races
 * with a rotation may therefore be stored as one with the new value.
 */
async function touch(table: Table, key: Key, { value, use, signal }: Touch): Promise<void> {
  const { time, facts, since } = value;
  const isDue = any(
    absent(time),
    compare(time, '<', Math.max(since, use.at - HOUR_SECONDS)),
    compare(time, '>', use.at + HOUR_SECONDS),
  );
  const set = { lastUsedAt: use.at, [time]: use.at, [facts]: toUse(use) };
  await table.update(key, { set }, all(exists('pk'), isDue), signal);
}
