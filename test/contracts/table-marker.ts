/** The contract of `TableMarker`. */
import { describe, expect, it } from 'vitest';
import type { TableMarker } from '../../lib/ports/ledger.ts';
import { NOW } from '../support/records.ts';

/** A table with its marker, and what can be made of it. */
export interface MarkedTable {
  readonly marker: TableMarker;
  /** Puts something into the table. */
  use(): Promise<unknown>;
  /** A copy of the table as it is now, beside the same ledger. */
  copy(): Promise<MarkedTable>;
  /** An empty table beside the same ledger. */
  fresh(): Promise<MarkedTable>;
  /** A copy of the table without its marker, beside an empty ledger. */
  unmarked(): Promise<MarkedTable>;
}

const NOW_MS = NOW * 1000;

/** `open` gives an empty table beside an empty ledger. */
export function tableMarkerContract(open: () => Promise<MarkedTable>): void {
  const started = async () => {
    const table = await open();
    await table.marker.initialise(NOW_MS);
    await table.use();
    return table;
  };

  describe('a table marker', () => {
    it('matches an empty table from its first start on', async () => {
      const { marker } = await open();
      expect(await marker.matches()).toBe(false);
      expect(await marker.initialise(NOW_MS)).toBe('matches');
      expect(await marker.matches()).toBe(true);
    });

    it('matches after another start', async () => {
      const { marker } = await started();
      expect(['matches', 'uncertain']).toContain(await marker.initialise(NOW_MS));
      expect(await marker.matches()).toBe(true);
    });

    it('differs for a copy, until the ledger was replayed into it', async () => {
      const original = await started();
      const copy = await original.copy();
      // On one machine it is the next start, or the end, that tells the two apart.
      await original.marker.adopt(NOW_MS);
      expect(await copy.marker.matches()).toBe(false);
      expect(await copy.marker.initialise(NOW_MS)).toBe('differs');
      expect(await copy.marker.matches()).toBe(false);
      await copy.marker.adopt(NOW_MS);
      expect(await copy.marker.matches()).toBe(true);
      expect(await copy.marker.initialise(NOW_MS)).not.toBe('differs');
    });

    it('differs for a table that its copy has replaced', async () => {
      const original = await started();
      const copy = await original.copy();
      await copy.marker.adopt(NOW_MS);
      expect(await original.marker.initialise(NOW_MS)).toBe('differs');
      expect(await original.marker.matches()).toBe(false);
      expect(await original.marker.initialise(NOW_MS)).toBe('differs');
      expect(await copy.marker.matches()).toBe(true);
    });

    it('differs for an empty table beside a ledger that knows another', async () => {
      const { marker } = await (await started()).fresh();
      expect(await marker.initialise(NOW_MS)).toBe('differs');
      expect(await marker.matches()).toBe(false);
    });

    it('differs for an unmarked table that is not empty', async () => {
      const { marker } = await (await started()).unmarked();
      expect(await marker.initialise(NOW_MS)).toBe('differs');
      expect(await marker.matches()).toBe(false);
    });

    it('says when the table was last in use, also in its copies', async () => {
      const original = await open();
      expect(await original.marker.history()).toEqual({ usedAt: undefined, ledgerSince: undefined });
      await original.marker.initialise(NOW_MS);
      expect(await original.marker.history()).toEqual({ usedAt: NOW_MS, ledgerSince: NOW_MS });
      await original.marker.heartbeat(NOW_MS + 600);
      const copy = await original.copy();
      await original.marker.adopt(NOW_MS + 700);
      await copy.marker.heartbeat(NOW_MS + 900);
      expect(await copy.marker.history()).toEqual({ usedAt: NOW_MS + 600, ledgerSince: NOW_MS });
      await copy.marker.adopt(NOW_MS + 1_000);
      expect(await copy.marker.history()).toEqual({ usedAt: NOW_MS + 1_000, ledgerSince: NOW_MS });
    });

    it('remembers how far a replay came', async () => {
      const { marker } = await open();
      expect(await marker.progress()).toBeUndefined();
      await marker.saveProgress('here');
      await marker.saveProgress('there');
      expect(await marker.progress()).toBe('there');
      await marker.saveProgress(undefined);
      await marker.saveProgress(undefined);
      expect(await marker.progress()).toBeUndefined();
    });
  });
}
