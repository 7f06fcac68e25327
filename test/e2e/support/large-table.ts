/** A table with masses of records of every kind, in the storage of the embedded engine; and what is left of them later. */
import { randomBytes } from 'node:crypto';
import { create, createKey } from 'dynalite/db/index.js';
import { type Account, accountHandle } from '../../../lib/domain/account.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../../lib/domain/time.ts';
import type { TokenRecord } from '../../../lib/domain/token-record.ts';
import { fileTableMarker } from '../../../lib/ledger/file-table-marker.ts';
import type { Item, Key } from '../../../lib/ports/table.ts';
import { encodeAttributes } from '../../../lib/store/dynamo-values.ts';
import { auditKey, claimKey, requestKey, revokedKey, tokenKey } from '../../../lib/store/keys.ts';
import { toClaimAttributes } from '../../../lib/store/namespace-store.ts';
import { tableDefinition } from '../../../lib/store/table.ts';
import { toTokenAttributes } from '../../../lib/store/token-store.ts';
import { startEngine } from '../../../local/engine.ts';
import { ensureTable } from '../../../local/table.ts';
import { clientOf, tableOf } from '../../support/engine.ts';
import { aToken } from '../../support/records.ts';

export const TABLE = 'pullpass';
const ACCOUNTS: readonly Account[] = Array.from({ length: 50 }, (_, i) => `dev:account-${i}` as const);
/** What the keys of items begin with. */
const ITEMS = `item-${TABLE}~`;
const BATCH = 2_000;
/** Of every 20 records so many are what the cleanup is for, and so many are renewed while it runs. */
const OF_20 = { expired: 6, racing: 1 } as const;

export interface Filled {
  /** Tokens that have expired by the clock of the cleanup, and not yet by a slow one: whoever has that renews them. */
  readonly racing: readonly TokenRecord[];
  /** The keys of what has to be there afterwards, and of what must not. */
  readonly living: ReadonlySet<string>;
  readonly expired: number;
}

/** Fills a new database with `count` records, past the engine: at a hundred times the speed. `now` in seconds since 1970. */
export async function fillTable(path: string, count: number, now: number): Promise<Filled> {
  await makeTable(path);
  const racing: TokenRecord[] = [];
  const living = new Set<string>();
  let expired = 0;
  await withDatabase(path, async db => {
    for (let from = 0; from < count; from += BATCH) {
      const operations = [];
      for (let i = from; i < Math.min(from + BATCH, count); i++) {
        const item = { ...recordAt(i, now, racing) };
        const key = keyOf(item);
        const end = Number(item.expiresAt ?? Number.POSITIVE_INFINITY);
        if (end > now) living.add(key);
        else if (i % 20 < OF_20.expired) expired++;
        operations.push({ type: 'put', key, value: wire(item) } as const);
      }
      await db.batch(operations);
    }
  });
  return { racing, living, expired };
}

/** The keys of all that is stored, each with when it ends (seconds since 1970). */
export async function readTable(path: string): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  await withDatabase(path, async db => {
    for await (const [key, item] of db.iterator({ gt: ITEMS, lt: `${ITEMS}\xff` })) {
      const { expiresAt } = item as { expiresAt?: { N: string } };
      found.set(key, Number(expiresAt?.N ?? Number.POSITIVE_INFINITY));
    }
  });
  return found;
}

/** The key of a token in that storage. */
export function storedKey({ account, id }: Pick<TokenRecord, 'account' | 'id'>): string {
  return keyOf(tokenKey({ handle: accountHandle(account), id }));
}

/** A table that is the ledger's: nothing is cleaned up in another. */
async function makeTable(path: string): Promise<void> {
  const engine = await startEngine({ path });
  const client = clientOf(engine);
  await ensureTable(client, TABLE);
  const table = tableOf({ client, table: TABLE });
  await fileTableMarker({ table, directory: ledgerOf(path), randomBytes }).initialise(Date.now());
  client.destroy();
  await engine.close();
}

/** The ledger's directory, beside the database. */
export function ledgerOf(path: string): string {
  return `${path}-ledger`;
}

type Database = ReturnType<typeof create>['db'];

async function withDatabase(path: string, use: (db: Database) => Promise<void>): Promise<void> {
  const { db } = create({ path, createTableMs: 0 });
  await db.open();
  await use(db);
  await db.close();
}

function keyOf(item: Key): string {
  return ITEMS + createKey(encodeAttributes({ pk: item.pk, sk: item.sk }, 'base64'), tableDefinition(TABLE));
}

/** The kinds take turns, and so do the accounts; only what is racing is told to `racing`. */
function recordAt(i: number, now: number, racing: TokenRecord[]): Item {
  const account = ACCOUNTS[Math.floor(i / 20) % ACCOUNTS.length] ?? 'dev:acme';
  const turn = i % 20;
  if (turn < OF_20.expired) return expiredRecord(turn, account, now - 2 * HOUR_SECONDS - (i % DAY_SECONDS));
  if (turn < OF_20.expired + OF_20.racing) {
    const record = aToken({ account, createdAt: now - DAY_SECONDS, expiresAt: now - 2 * HOUR_SECONDS });
    racing.push(record);
    return itemOf(record);
  }
  if (turn === 19) {
    const name = `namespace-${i}`;
    const state = i % 40 === 39 ? 'released' : 'held';
    return { ...claimKey(name), ...toClaimAttributes({ name, account, state, epoch: 1 }) };
  }
  const expiresAt = [null, now + DAY_SECONDS, now + 30 * DAY_SECONDS][turn % 3] ?? null;
  return itemOf(aToken({ account, createdAt: now - 100 * DAY_SECONDS, expiresAt }));
}

function expiredRecord(turn: number, account: Account, end: number): Item {
  const id = randomBytes(16).toString('hex');
  const handle = accountHandle(account);
  if (turn === 0) return { ...auditKey(handle, new Date(end * 1000).toISOString(), id), expiresAt: end };
  if (turn === 1) return { ...requestKey(account, id), state: 'done', expiresAt: end };
  if (turn === 2) return { ...revokedKey({ handle, jti: id }), expiresAt: end };
  return itemOf(aToken({ account, createdAt: end - DAY_SECONDS, expiresAt: end }));
}

function itemOf(record: TokenRecord): Item {
  return {
    ...tokenKey({ handle: accountHandle(record.account), id: record.id }),
    ...toTokenAttributes(record),
  };
}

/** The engine stores bytes in base64, as they travel. */
function wire(item: Item): Record<string, object> {
  return encodeAttributes(item, 'base64') as Record<string, object>;
}
