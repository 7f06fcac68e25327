/** Token records in memory. */
import type { Account } from '../../lib/domain/account.ts';
import { IDEMPOTENCY_SECONDS } from '../../lib/domain/idempotency.ts';
import { isExpired, type TokenRecord } from '../../lib/domain/token-record.ts';
import type { TokenStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable, ownKey } from './memory-table.ts';

export function memoryTokenStore({ tokens }: MemoryTable = memoryTable()): TokenStore {
  const standing = (account: Account, id: string, now: number) => {
    const record = tokens.get(ownKey(account, id))?.value ?? undefined;
    return record === undefined || isExpired(record, now) ? undefined : record;
  };
  const put = (record: TokenRecord) =>
    tokens.set(ownKey(record.account, record.id), { value: record, expiresAt: record.expiresAt });
  return {
    add: async record => {
      if (tokens.has(ownKey(record.account, record.id))) return false;
      put(record);
      return true;
    },
    get: async (account, id, now) => standing(account, id, now),
    list: async (account, { limit, after, now }) => {
      const ids = [...tokens.keys()]
        .filter(key => key.startsWith(ownKey(account, '')))
        .map(key => key.slice(ownKey(account, '').length))
        .filter(id => after === undefined || id < after)
        .sort((a, b) => (a < b ? 1 : -1));
      const page = ids.slice(0, limit);
      return {
        records: page.map(id => standing(account, id, now)).filter(record => record !== undefined),
        next: ids.length > limit ? page.at(-1) : undefined,
      };
    },
    update: async (before, after, now) => {
      const current = standing(before.account, before.id, now);
      if (current?.version !== before.version) return false;
      put({ ...after, lastUsedAt: current.lastUsedAt });
      return true;
    },
    remove: async (record, now) => {
      if (standing(record.account, record.id, now)?.version !== record.version) return false;
      tokens.set(ownKey(record.account, record.id), { value: null, expiresAt: now + IDEMPOTENCY_SECONDS });
      return true;
    },
    addTombstone: async (account, id, now) => {
      const key = ownKey(account, id);
      if (!tokens.has(key)) tokens.set(key, { value: null, expiresAt: now + IDEMPOTENCY_SECONDS });
    },
  };
}
