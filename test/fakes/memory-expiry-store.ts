/** Everything that is stored, in memory. */
import type { Candidate } from '../../lib/domain/hygiene.ts';
import type { ExpiredRecord, ExpiryStore } from '../../lib/ports/cleanup.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

const PAGE = 100;

export function memoryExpiryStore(table: MemoryTable = memoryTable()): ExpiryStore {
  const kinds = new Map<string, Map<string, { readonly expiresAt?: number | null }>>([
    ['audits', table.audits],
    ['claims', table.claims as Map<string, object>],
    ['ended', table.ended],
    ['proofs', table.proofs],
    ['requests', table.requests],
    ['tokens', table.tokens],
  ]);
  const hasExpired = ({ pk, sk }: ExpiredRecord, cutoff: number) =>
    (kinds.get(pk)?.get(sk)?.expiresAt ?? Number.POSITIVE_INFINITY) < cutoff;
  const sightingsOf = ({ pk, sk }: ExpiredRecord, until: number): Candidate[] => {
    const claim = pk === 'claims' ? table.claims.get(sk) : undefined;
    if (claim?.state === 'released') return [{ kind: 'claim', ...claim }];
    const token = pk === 'tokens' ? table.tokens.get(sk) : undefined;
    if (!token?.value || (token.expiresAt ?? 0) > until) return [];
    return [{ kind: 'token', ...token.value, expiresAt: token.expiresAt }];
  };
  return {
    page: async ({ cutoff, candidatesUntil }, cursor) => {
      const all = [...kinds].flatMap(([pk, rows]) => [...rows.keys()].map(sk => ({ pk, sk })));
      const rest = all.filter(record => cursor === undefined || cursorOf(record) > cursor).sort(byCursor);
      const page = rest.slice(0, PAGE);
      const last = page.at(-1);
      const live = candidatesUntil === undefined ? [] : page.filter(record => !hasExpired(record, cutoff));
      return {
        expired: page.filter(record => hasExpired(record, cutoff)),
        candidates: live.flatMap(record => sightingsOf(record, candidatesUntil ?? 0)),
        next: rest.length > PAGE && last ? cursorOf(last) : undefined,
      };
    },
    removeExpired: async (record, cutoff) =>
      hasExpired(record, cutoff) && kinds.get(record.pk)?.delete(record.sk) === true,
    checkpoint: async () => table.checkpoint,
    saveCheckpoint: async checkpoint => {
      table.checkpoint = structuredClone(checkpoint);
    },
  };
}

function cursorOf({ pk, sk }: ExpiredRecord): string {
  return `${pk} ${sk}`;
}

function byCursor(a: ExpiredRecord, b: ExpiredRecord): number {
  return cursorOf(a) < cursorOf(b) ? -1 : 1;
}
