/** What requests with an `Idempotency-Key` have done, in memory. */
import { IDEMPOTENCY_SECONDS } from '../../lib/domain/idempotency.ts';
import type { IdempotencyStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable, ownKey } from './memory-table.ts';

export function memoryIdempotencyStore({ requests }: MemoryTable = memoryTable()): IdempotencyStore {
  return {
    begin: async (account, record, now) => {
      const key = ownKey(account, record.key);
      const row = requests.get(key);
      if (row?.expiresAt && row.expiresAt > now) return row.value;
      requests.set(key, { value: record, expiresAt: record.createdAt + IDEMPOTENCY_SECONDS });
      return record;
    },
    finish: async (account, { key, write }) => {
      const row = requests.get(ownKey(account, key));
      if (row?.value.write !== write) return;
      requests.set(ownKey(account, key), { ...row, value: { ...row.value, state: 'done' } });
    },
  };
}
