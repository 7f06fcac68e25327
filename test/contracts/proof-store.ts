/** The contract of `ProofStore`. */
import { describe, expect, it } from 'vitest';
import { NOW } from '../support/records.ts';
import type { OpenStores } from './stores.ts';

export function proofStoreContract(open: OpenStores): void {
  describe('a proof store', () => {
    it('lets a proof be used once', async () => {
      const { proofs } = await open();
      expect(await proofs.consume('mark', NOW + 300)).toBe(true);
      expect(await proofs.consume('mark', NOW + 300)).toBe(false);
      expect(await proofs.consume('mark', NOW + 600)).toBe(false);
    });

    it('lets one of many uses at once be the first', async () => {
      const { proofs } = await open();
      const uses = await Promise.all(Array.from({ length: 30 }, () => proofs.consume('mark', NOW + 300)));
      expect(uses.filter(Boolean)).toHaveLength(1);
    });

    it('tells proofs apart', async () => {
      const { proofs } = await open();
      expect(await proofs.consume('mark', NOW + 300)).toBe(true);
      expect(await proofs.consume('mark ', NOW + 300)).toBe(true);
      expect(await proofs.consume('Mark', NOW + 300)).toBe(true);
    });

    it('refuses a used proof as long as its record lies there, also after its end', async () => {
      const { proofs } = await open();
      await proofs.consume('mark', NOW - 1);
      expect(await proofs.consume('mark', NOW + 300)).toBe(false);
    });
  });
}
