/** Fills a table with many records of every kind, and reads what is left of them. */
import { randomBytes } from 'node:crypto';
import { BatchWriteItemCommand, type DynamoDBClient } from '@aws-sdk/client-dynamodb';
import pLimit from 'p-limit';
import { type Account, accountHandle } from '../../../lib/domain/identifiers.ts';
import { DAY_SECONDS, HOUR_SECONDS } from '../../../lib/domain/time.ts';
import type { TokenRecord } from '../../../lib/domain/token-record.ts';
import { fileTableMarker } from '../../../lib/ledger/table-marker.ts';
import type { Item, Key } from '../../../lib/ports/table.ts';
import { encodeAttributes } from '../../../lib/store/conditions.ts';
import { dynamoTable } from '../../../lib/store/dynamo-table.ts';
import { auditKey, claimKey, requestKey, revokedKey, tokenKey } from '../../../lib/store/items.ts';
import { toClaimAttributes } from '../../../lib/store/namespace-store.ts';
import { toTokenAttributes } from '../../../lib/store/token-items.ts';
import { pagesOf } from '../../contracts/table.ts';
import { aToken } from '../../support/records.ts';
import { clientOf, createTable, type EngineAddress, leanTransport } from '../../support/tables.ts';

export const TABLE = 'pullpass';
const ACCOUNTS: readonly Account[] = Array.from({ length: 50 }, (_, i) => `dev:account-${i}` as const);
/** The most that one request takes (DynamoDB API, BatchWriteItem). */
const BATCH = 25;
const AT_ONCE = 8;
/** Of every 20 records so many are what the cleanup is for, and so many are renewed while it runs. */
const OF_20 = { expired: 6, racing: 1 } as const;

export interface Filled {
  /** Tokens that have expired by the clock of the cleanup, and not yet by a slow one, whose process renews them. */
  readonly racing: readonly TokenRecord[];
  /** The keys of what has to be there afterwards, and of what must not. */
  readonly living: ReadonlySet<string>;
  readonly expired: number;
}

/** Makes a table that is the ledger's, and fills it with `count` records. `now` in seconds since 1970. */
export async function fillTable(
  engine: EngineAddress,
  ledger: string,
  { count, now }: { readonly count: number; readonly now: number },
): Promise<Filled> {
  const client = clientOf(engine);
  await createTable(client, TABLE);
  // Nothing is cleaned up in a table that is not the ledger's.
  const table = dynamoTable(TABLE, leanTransport(engine));
  await fileTableMarker({ table, directory: ledger, randomBytes }).initialise(Date.now());
  const racing: TokenRecord[] = [];
  const items = Array.from({ length: count }, (_, i) => recordAt(i, now, racing));
  await writeAll(client, items);
  client.destroy();
  const living = items.filter(({ expiresAt }) => typeof expiresAt !== 'number' || expiresAt > now);
  const expired = items.filter((_, i) => i % 20 < OF_20.expired).length;
  return { racing, living: new Set(living.map(textOf)), expired };
}

/** The keys of all that is stored, each with when it ends (seconds since 1970). */
export async function readTable(engine: EngineAddress): Promise<Map<string, number>> {
  const table = dynamoTable(TABLE, leanTransport(engine));
  const pages = await pagesOf<Key>(after => table.scan({ after, limit: 1000, attributes: ['expiresAt'] }));
  const items = pages.flatMap(page => page.items);
  return new Map(
    items.map(item => [
      textOf(item),
      typeof item.expiresAt === 'number' ? item.expiresAt : Number.POSITIVE_INFINITY,
    ]),
  );
}

/** The key of a token as `readTable` and `living` have it. */
export function storedKey({ account, id }: Pick<TokenRecord, 'account' | 'id'>): string {
  return textOf(tokenKey({ handle: accountHandle(account), id }));
}

function textOf({ pk, sk }: Key): string {
  return `${pk} ${sk}`;
}

async function writeAll(client: DynamoDBClient, items: readonly Item[]): Promise<void> {
  const limit = pLimit(AT_ONCE);
  const batches = Array.from({ length: Math.ceil(items.length / BATCH) }, (_, i) =>
    items.slice(i * BATCH, (i + 1) * BATCH),
  );
  const write = async (batch: readonly Item[]) => {
    const requests = batch.map(item => ({ PutRequest: { Item: encodeAttributes(item, 'raw') as never } }));
    await client.send(new BatchWriteItemCommand({ RequestItems: { [TABLE]: requests } }));
  };
  await Promise.all(batches.map(batch => limit(() => write(batch))));
}

/** The kinds take turns, and so do the accounts; only what is racing is passed to `racing`. */
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

function expiredRecord(turn: number, account: Account, expiresAt: number): Item {
  const id = randomBytes(16).toString('hex');
  const handle = accountHandle(account);
  if (turn === 0) return { ...auditKey(handle, new Date(expiresAt * 1000).toISOString(), id), expiresAt };
  if (turn === 1) return { ...requestKey(account, id), state: 'done', expiresAt };
  if (turn === 2) return { ...revokedKey({ handle, jti: id }), expiresAt };
  return itemOf(aToken({ account, createdAt: expiresAt - DAY_SECONDS, expiresAt }));
}

function itemOf(record: TokenRecord): Item {
  return {
    ...tokenKey({ handle: accountHandle(record.account), id: record.id }),
    ...toTokenAttributes(record),
  };
}
