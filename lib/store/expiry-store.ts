/** Everything in the table, page by page, for the cleanup. */

import type { Candidate, HygieneReport } from '../domain/hygiene.ts';
import type { Checkpoint, ExpiryStore, PageBounds } from '../ports/stores.ts';
import {
  absent,
  all,
  any,
  type Condition,
  compare,
  exists,
  type Item,
  type Key,
  type Table,
} from '../ports/table.ts';
import {
  asInteger,
  asQualified,
  asText,
  attributesOf,
  CHECKPOINT_KEY,
  CLAIM,
  NAMESPACE_PREFIX,
  nameIn,
  read,
  readOrNull,
} from './items.ts';

const PAGE_ITEMS = 500;

export interface ExpiryStoreOptions {
  readonly table: Table;
  /** Items that one page examines: few enough that a run never overshoots its deadline by more than a page. */
  readonly pageItems?: number;
}

const ATTRIBUTES = ['account', 'id', 'createdAt', 'lastUsedAt', 'expiresAt'];

/** Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function expiryStore({ table, pageItems = PAGE_ITEMS }: ExpiryStoreOptions): ExpiryStore {
  return {
    page: async (bounds, cursor) => {
      const { items, next } = await table.scan({
        after: cursor === undefined ? undefined : fromCursor(cursor),
        limit: pageItems,
        where: isWanted(bounds),
        attributes: ATTRIBUTES,
      });
      const { expired = [], others = [] } = Object.groupBy(items, item =>
        hasExpired(item, bounds.cutoff) ? 'expired' : 'others',
      );
      return {
        expired: expired.map(({ pk, sk }) => ({ pk, sk })),
        candidates: others.flatMap(candidateIn),
        next: next && toCursor(next),
      };
    },
    removeExpired: (record, cutoff) => table.delete(record, isExpired(cutoff)),
    checkpoint: async () => fromCheckpointItem((await table.get(CHECKPOINT_KEY)) ?? { ...CHECKPOINT_KEY }),
    saveCheckpoint: async ({ cursor, report, reportedAt }) => {
      const facts = { cursor, report: report && JSON.stringify(report), reportedAt };
      await table.put({ ...CHECKPOINT_KEY, ...attributesOf(facts) });
    },
  };
}

/** What has no end does not match: an absent attribute is not less than anything. */
function isExpired(cutoff: number): Condition {
  return compare('expiresAt', '<', cutoff);
}

/** What has expired; with `candidatesUntil`, also tokens that end until then or never, and released claims. */
function isWanted({ cutoff, candidatesUntil }: PageBounds): Condition {
  if (candidatesUntil === undefined) return isExpired(cutoff);
  // Of all items only tokens have a hash, and only as long as they are not removed.
  const isToken = all(exists('hash'), any(absent('expiresAt'), compare('expiresAt', '<=', candidatesUntil)));
  return any(isExpired(cutoff), isToken, compare('state', '=', 'released'));
}

function hasExpired(item: Item, cutoff: number): boolean {
  const expiresAt = readOrNull(item, 'expiresAt', asInteger);
  return expiresAt !== null && expiresAt < cutoff;
}

/** A malformed item does not stop the cleanup of the others; a request that uses it fails and says so. */
function candidateIn(item: Item): Candidate[] {
  try {
    return [toCandidate(item)];
  } catch {
    return [];
  }
}

function toCandidate(item: Item): Candidate {
  const account = read(item, 'account', asQualified);
  if (item.sk === CLAIM) {
    return { kind: 'claim', account, name: nameIn(item, 'pk', NAMESPACE_PREFIX), state: 'released' };
  }
  return {
    kind: 'token',
    account,
    id: read(item, 'id', asText),
    createdAt: read(item, 'createdAt', asInteger),
    lastUsedAt: readOrNull(item, 'lastUsedAt', asInteger),
    expiresAt: readOrNull(item, 'expiresAt', asInteger),
  };
}

/** The checkpoint in an item; an empty one is that of a table that was never gone through. */
function fromCheckpointItem(item: Item): Checkpoint {
  const report = readOrNull(item, 'report', asText);
  return {
    cursor: readOrNull(item, 'cursor', asText) ?? undefined,
    report: report === null ? undefined : (JSON.parse(report) as HygieneReport),
    reportedAt: readOrNull(item, 'reportedAt', asInteger) ?? undefined,
  };
}

function toCursor({ pk, sk }: Key): string {
  return Buffer.from(JSON.stringify([pk, sk])).toString('base64url');
}

function fromCursor(cursor: string): Key {
  const [pk, sk] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string];
  return { pk, sk };
}
