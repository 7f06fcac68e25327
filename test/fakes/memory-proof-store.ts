/** The proofs that were used, in memory. */
import type { ProofStore } from '../../lib/ports.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

export function memoryProofStore({ proofs }: MemoryTable = memoryTable()): ProofStore {
  return {
    spend: async (mark, expiresAt) => {
      if (proofs.has(mark)) return false;
      proofs.set(mark, { value: null, expiresAt });
      return true;
    },
  };
}
