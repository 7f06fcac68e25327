/** The ledger on AWS: a table of its own, whose partitions are days. Entries are only ever added. */
import { type RevocationEntry, retainedUntil } from '../domain/revocation.ts';
import { dayOf, toSeconds } from '../domain/time.ts';
import type { Ledger, TimeRange } from '../ports/ledger.ts';
import type { Item, Page, Table } from '../ports/table.ts';
import { dayAfter, firstDay, formatEntry, parseEntry } from './entry.ts';

/**
 * Used proofs have partitions of their own. Vending writes those, and on AWS may write no others: an entry about a token
 * contains the hash of its value, and would be believed after a restore.
 */
const PARTITIONS = { entries: 'ledger#', proofs: 'proofs#' } as const;

type Kind = keyof typeof PARTITIONS;

const PAGE_ENTRIES = 500;

/** Both methods throw `unavailable` when the table does not answer, `entries` also `internal` for a malformed entry. */
export function tableLedger(table: Table, { pageEntries = PAGE_ENTRIES } = {}): Ledger {
  return {
    append: async entry => {
      const kind = entry.act === 'spend-proof' ? 'proofs' : 'entries';
      const key = { pk: PARTITIONS[kind] + dayOf(toSeconds(entry.at)), sk: entry.id };
      // A taken id is that of the same entry: an attempt before was applied, and only its answer was lost.
      await table.insert({ ...key, entry: formatEntry(entry), expiresAt: retainedUntil(entry) });
    },
    entries: async (span, from) => {
      const position = parsePosition(from) ?? { day: firstDay(span), kind: 'entries' };
      const { day, kind, after } = position;
      const range = { pk: PARTITIONS[kind] + day, prefix: '', limit: pageEntries, after };
      const page = await table.query(range);
      const entries = page.items.flatMap(kind === 'entries' ? entryIn : usedProofIn);
      return { entries: entries.filter(({ at }) => at >= span.sinceMs), next: nextOf(position, page, span) };
    },
  };
}

interface Position {
  readonly day: string;
  readonly kind: Kind;
  readonly after?: string | undefined;
}

/** `<day>`, `<day>/<id>` among the entries, `<day>/proofs`, `<day>/proofs/<id>`. */
function parsePosition(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  const [day = '', first, second] = text.split('/');
  return first === 'proofs' ? { day, kind: 'proofs', after: second } : { day, kind: 'entries', after: first };
}

function nextOf({ day, kind }: Position, { next }: Page<string>, { nowMs }: TimeRange): string | undefined {
  const partition = kind === 'entries' ? day : `${day}/proofs`;
  if (next !== undefined) return `${partition}/${next}`;
  return kind === 'entries' ? `${day}/proofs` : dayAfter(day, nowMs);
}

function entryIn({ entry }: Item): RevocationEntry[] {
  return [parseEntry(typeof entry === 'string' ? entry : '')];
}

/** Nothing for any other entry: what only vending can have written must neither widen a restore nor stop it. */
function usedProofIn(item: Item): RevocationEntry[] {
  try {
    return entryIn(item).filter(({ act }) => act === 'spend-proof');
  } catch {
    return [];
  }
}
