import type { NonceStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

export function memoryProofStore({ proofs }: MemoryTable = memoryTable()): NonceStore {
  return {
    consume: async (mark, expiresAt) => {
      if (proofs.has(mark)) return false;
      proofs.set(mark, { value: null, expiresAt });
      return true;
    },
  };
}
