import type { RevokedCredentialStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

export function memoryEndedStore({ ended }: MemoryTable = memoryTable()): RevokedCredentialStore {
  return {
    revoke: async ({ handle, jti }, expiresAt) => {
      ended.set(`${handle} ${jti}`, { value: null, expiresAt });
    },
  };
}
