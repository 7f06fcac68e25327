/** The ledger on AWS: a table of its own, whose partitions are days. */
import { type RevocationEntry, retainedUntil } from '../domain/revocation.ts';
import type { Ledger } from '../ports/ledger.ts';
import { absent, type Item, type Table } from '../ports/table.ts';
import { dayAfter, dayOf, firstDay, formatEntry, parseEntry } from './entry.ts';

const PARTITION = 'ledger#';
const PAGE_ENTRIES = 500;

/** Both methods throw `unavailable` when the table does not answer, `entries` also `internal` for a malformed entry. */
export function tableLedger(table: Table, { pageEntries = PAGE_ENTRIES } = {}): Ledger {
  return {
    append: async entry => {
      const key = { pk: PARTITION + dayOf(entry.at), sk: entry.id };
      const item = { ...key, entry: formatEntry(entry), expiresAt: retainedUntil(entry) };
      // A taken id is that of the same entry: an attempt before was applied, and only its answer was lost.
      await table.put(item, absent('pk'));
    },
    entries: async (span, from) => {
      const [day = firstDay(span), after] = from?.split('/') ?? [];
      const range = { pk: PARTITION + day, prefix: '', limit: pageEntries, after };
      const { items, next } = await table.query(range);
      return {
        entries: items.map(entryIn).filter(({ at }) => at >= span.sinceMs),
        next: next === undefined ? dayAfter(day, span.nowMs) : `${day}/${next}`,
      };
    },
  };
}

function entryIn({ entry }: Item): RevocationEntry {
  return parseEntry(typeof entry === 'string' ? entry : '');
}
