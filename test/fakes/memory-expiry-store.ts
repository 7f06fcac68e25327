/** What has expired, in memory. */
import type { ExpiredRecord, ExpiryStore } from '../../lib/ports.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

const PAGE = 100;

export function memoryExpiryStore(table: MemoryTable = memoryTable()): ExpiryStore {
  const kinds = new Map<string, Map<string, { readonly expiresAt: number | null }>>([
    ['audits', table.audits],
    ['ended', table.ended],
    ['proofs', table.proofs],
    ['requests', table.requests],
    ['tokens', table.tokens],
  ]);
  const hasExpired = ({ pk, sk }: ExpiredRecord, cutoff: number) =>
    (kinds.get(pk)?.get(sk)?.expiresAt ?? Number.POSITIVE_INFINITY) < cutoff;
  return {
    expired: async (cutoff, cursor) => {
      const all = [...kinds].flatMap(([pk, rows]) => [...rows.keys()].map(sk => ({ pk, sk })));
      const rest = all.filter(record => cursor === undefined || cursorOf(record) > cursor).sort(byCursor);
      const page = rest.slice(0, PAGE);
      const last = page.at(-1);
      return {
        records: page.filter(record => hasExpired(record, cutoff)),
        ...(rest.length > PAGE && last ? { next: cursorOf(last) } : {}),
      };
    },
    removeExpired: async (record, cutoff) =>
      hasExpired(record, cutoff) && kinds.get(record.pk)?.delete(record.sk) === true,
    checkpoint: async () => table.checkpoint,
    saveCheckpoint: async cursor => {
      table.checkpoint = cursor;
    },
  };
}

function cursorOf({ pk, sk }: ExpiredRecord): string {
  return `${pk} ${sk}`;
}

function byCursor(a: ExpiredRecord, b: ExpiredRecord): number {
  return cursorOf(a) < cursorOf(b) ? -1 : 1;
}
