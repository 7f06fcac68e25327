/** The contract of `TableIdentity`. */
import { describe, expect, it } from 'vitest';
import type { TableMarker } from '../../lib/ports/ledger.ts';
import { NOW } from '../support/records.ts';

/** A table, and what can be made of it. */
export interface Place {
  readonly identity: TableMarker;
  /** Puts something into the table. */
  use(): Promise<unknown>;
  /** A copy of the table as it is now, beside the same ledger. */
  copy(): Promise<Place>;
  /** An empty table beside the same ledger. */
  fresh(): Promise<Place>;
  /** A copy of the table without its identity, beside a ledger that knows nothing. */
  strange(): Promise<Place>;
}

const NOW_MS = NOW * 1000;

/** `open` gives an empty table beside an empty ledger. */
export function tableIdentityContract(open: () => Promise<Place>): void {
  const started = async () => {
    const place = await open();
    await place.identity.initialise(NOW_MS);
    await place.use();
    return place;
  };

  describe('the identity of a table', () => {
    it('is given to an empty one at the first start, before which it is nobody’s', async () => {
      const { identity } = await open();
      expect(await identity.matches()).toBe(false);
      expect(await identity.initialise(NOW_MS)).toBe('ours');
      expect(await identity.matches()).toBe(true);
    });

    it('stays when it is started again', async () => {
      const { identity } = await started();
      expect(['ours', 'unsure']).toContain(await identity.initialise(NOW_MS));
      expect(await identity.matches()).toBe(true);
    });

    it('is not that of a copy, until it was told of the losses', async () => {
      const original = await started();
      const copy = await original.copy();
      // On one machine it is the next start, or the end, that tells the two apart.
      await original.identity.adopt(NOW_MS);
      expect([await copy.identity.matches(), await copy.identity.initialise(NOW_MS)]).toEqual([
        false,
        'foreign',
      ]);
      expect(await copy.identity.matches()).toBe(false);
      await copy.identity.adopt(NOW_MS);
      expect(await copy.identity.matches()).toBe(true);
      expect(await copy.identity.initialise(NOW_MS)).not.toBe('foreign');
    });

    it('is no longer that of a table that its copy has taken the place of', async () => {
      const original = await started();
      const copy = await original.copy();
      await copy.identity.adopt(NOW_MS);
      expect(await original.identity.initialise(NOW_MS)).toBe('foreign');
      expect(await original.identity.matches()).toBe(false);
      expect(await original.identity.initialise(NOW_MS)).toBe('foreign');
      expect(await copy.identity.matches()).toBe(true);
    });

    it('is not given to an empty table beside a ledger that knows another', async () => {
      const { identity } = await (await started()).fresh();
      expect(await identity.initialise(NOW_MS)).toBe('foreign');
      expect(await identity.matches()).toBe(false);
    });

    it('is not given to a table that holds something and was never seen', async () => {
      const { identity } = await (await started()).strange();
      expect(await identity.initialise(NOW_MS)).toBe('foreign');
      expect(await identity.matches()).toBe(false);
    });

    it('says when the table was last in use, which its copies say too', async () => {
      const original = await open();
      expect(await original.identity.history()).toEqual({ usedAt: undefined, ledgerSince: undefined });
      await original.identity.initialise(NOW_MS);
      expect(await original.identity.history()).toEqual({ usedAt: NOW_MS, ledgerSince: NOW_MS });
      await original.identity.heartbeat(NOW_MS + 600);
      const copy = await original.copy();
      await original.identity.adopt(NOW_MS + 700);
      await copy.identity.heartbeat(NOW_MS + 900);
      expect(await copy.identity.history()).toEqual({ usedAt: NOW_MS + 600, ledgerSince: NOW_MS });
      await copy.identity.adopt(NOW_MS + 1_000);
      expect(await copy.identity.history()).toEqual({ usedAt: NOW_MS + 1_000, ledgerSince: NOW_MS });
    });

    it('remembers how far a replay came', async () => {
      const { identity } = await open();
      expect(await identity.progress()).toBeUndefined();
      await identity.saveProgress('here');
      await identity.saveProgress('there');
      expect(await identity.progress()).toBe('there');
      await identity.saveProgress(undefined);
      await identity.saveProgress(undefined);
      expect(await identity.progress()).toBeUndefined();
    });
  });
}
