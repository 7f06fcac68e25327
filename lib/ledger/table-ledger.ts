/** The ledger on AWS: a table of its own, whose partitions are shards of days. Entries are only ever added. */
import { type RevocationEntry, retainedUntil } from '../domain/revocation.ts';
import { dayOf, toSeconds } from '../domain/time.ts';
import type { Ledger, TimeRange } from '../ports/ledger.ts';
import type { Item, Table } from '../ports/table.ts';
import { dayAfter, firstDay, formatEntry, parseEntry } from './entry.ts';

/**
 * Used proofs have partitions of their own. Vending writes those, and on AWS may write no others: an entry about a token
 * contains the hash of its value, and would be believed after a restore.
 */
const PARTITIONS = { entries: 'ledger#', proofs: 'proofs#' } as const;

type Kind = keyof typeof PARTITIONS;

/**
 * A partition takes 1 000 writes a second, and ids that begin with the time all go to its end, so that it is never split: each day has
 * sixteen. Which one follows from the id: an entry that is written twice is written to the same place.
 */
const SHARDS = [...'0123456789abcdef'];

/** Entries that an earlier version has written are in one partition of the day. */
const PLACES = ['', ...SHARDS.map(shard => `#${shard}`)];

const PAGE_ENTRIES = 500;

/** Both methods throw `unavailable` when the table does not answer, `entries` also `internal` for a malformed entry. */
export function tableLedger(table: Table, { pageEntries = PAGE_ENTRIES } = {}): Ledger {
  const limit = Math.ceil(pageEntries / SHARDS.length);
  return {
    append: async entry => {
      const kind = entry.act === 'spend-proof' ? 'proofs' : 'entries';
      const key = { pk: `${PARTITIONS[kind]}${dayOf(toSeconds(entry.at))}#${entry.id.at(-1)}`, sk: entry.id };
      // A taken id is that of the same entry: an attempt before was applied, and only its answer was lost.
      await table.insert({ ...key, entry: formatEntry(entry), expiresAt: retainedUntil(entry) });
    },
    entries: async (span, from) => {
      const position = parsePosition(from) ?? { day: firstDay(span), kind: 'entries' };
      const { items, next } = await readPlaces(table, position, limit);
      const entries = items.flatMap(position.kind === 'entries' ? entryIn : usedProofIn);
      return {
        entries: entries.filter(({ at }) => at >= span.sinceMs),
        next: nextOf(position, next, span),
      };
    },
  };
}

interface Position {
  readonly day: string;
  readonly kind: Kind;
  /** The id behind which to go on, in all places of the day. */
  readonly after?: string | undefined;
}

/** `<day>`, `<day>/<id>` among the entries, `<day>/proofs`, `<day>/proofs/<id>`. */
function parsePosition(text: string | undefined): Position | undefined {
  if (text === undefined) return undefined;
  const [day = '', first, second] = text.split('/');
  return first === 'proofs' ? { day, kind: 'proofs', after: second } : { day, kind: 'entries', after: first };
}

/**
 * The next items of all places of a day, in their order. A place that has more than it was asked for may hold what comes before the last
 * items of the others: those wait for the next page.
 */
async function readPlaces(
  table: Table,
  { day, kind, after }: Position,
  limit: number,
): Promise<{ items: Item[]; next: string | undefined }> {
  const pages = await Promise.all(
    PLACES.map(place => table.query({ pk: PARTITIONS[kind] + day + place, prefix: '', limit, after })),
  );
  const ends = pages.flatMap(({ next }) => next ?? []).sort();
  const [next] = ends;
  const items = pages.flatMap(page => page.items).filter(({ sk }) => next === undefined || sk <= next);
  return { items: items.sort((a, b) => (a.sk < b.sk ? -1 : 1)), next };
}

function nextOf({ day, kind }: Position, next: string | undefined, { nowMs }: TimeRange): string | undefined {
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
