import type { RevocationEntry } from '../../lib/domain/revocation.ts';
import { dayOf, firstDay } from '../../lib/ledger/entry.ts';
import type { Ledger } from '../../lib/ports/ledger.ts';

const PAGE = 100;

export function memoryLedger(kept: RevocationEntry[] = []): Ledger {
  return {
    append: async entry => {
      kept.push(entry);
    },
    entries: async (span, from = '0') => {
      const all = kept
        .filter(({ at }) => dayOf(at) >= firstDay(span) && at >= span.sinceMs)
        .sort((a, b) => (dayOf(a.at) < dayOf(b.at) ? -1 : 1));
      const end = Number(from) + PAGE;
      return { entries: all.slice(Number(from), end), next: end < all.length ? `${end}` : undefined };
    },
  };
}
