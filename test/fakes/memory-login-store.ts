/** What a login reads, in memory. */
import { HOUR_SECONDS } from '../../lib/domain/time.ts';
import type { LoginStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable, ownKey } from './memory-table.ts';

export function memoryLoginStore({ tokens, claims, ended }: MemoryTable = memoryTable()): LoginStore {
  return {
    read: async ({ token: address, credential, namespaces }) => {
      const row = address && tokens.get(`${address.handle} ${address.id}`);
      return {
        token: row?.value ?? undefined,
        removed: row?.value === null,
        revoked: credential !== undefined && ended.has(`${credential.handle} ${credential.jti}`),
        claims: [...new Set(namespaces)].map(name => claims.get(name)).filter(claim => claim !== undefined),
      };
    },
    touch: async ({ account, id }, now) => {
      const row = tokens.get(ownKey(account, id));
      if (!row?.value || now - (row.value.lastUsedAt ?? Number.NEGATIVE_INFINITY) < HOUR_SECONDS) return;
      tokens.set(ownKey(account, id), { ...row, value: { ...row.value, lastUsedAt: now } });
    },
  };
}
