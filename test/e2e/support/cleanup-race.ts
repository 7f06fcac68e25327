/** A cleanup over a large table that is killed again and again, while others renew what it is about to delete. */
import { fork } from 'node:child_process';
import { randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DAY_SECONDS, HOUR_SECONDS } from '../../../lib/domain/time.ts';
import type { TokenRecord } from '../../../lib/domain/token-record.ts';
import { dynamoTable } from '../../../lib/store/dynamo-table.ts';
import { tokenStore } from '../../../lib/store/token-store.ts';
import { type EngineAddress, leanTransport } from '../../support/tables.ts';
import { startStore } from './engines/engine.ts';
import { fillTable, readTable, storedKey, TABLE } from './large-table.ts';

export interface Race {
  /** A directory for the ledger. */
  readonly ledger: string;
  readonly records: number;
  /** So many runs are killed, each after a time of up to so many milliseconds. */
  readonly kills: number;
  readonly killWithinMs: number;
  /** What the first run that is not killed is given, and what every later one is. */
  readonly firstLimitMs: number;
  readonly limitMs: number;
}

export interface Outcome {
  /** Expired records that no one renews. */
  readonly expired: number;
  readonly renewed: number;
  /** Renewals that were refused because the record was gone. */
  readonly tooLate: number;
  /** Deletions that a renewal prevented, in the runs that were not killed. */
  readonly kept: number;
  readonly killed: number;
  /** Runs that ended by themselves: all but the last because their time was up. */
  readonly runs: number;
  /** Of all runs together, and the most memory that one of them had. */
  readonly seconds: number;
  readonly megabytes: number;
  /** Living or renewed records that are gone. */
  readonly lost: number;
  /** Expired records that are still there. */
  readonly left: number;
}

interface Run {
  readonly removed: number;
  readonly kept: number;
  readonly finished: boolean;
  readonly megabytes: number;
}

/** The clock of the process that renews is this far behind that of the cleanup. */
const SLOW_SECONDS = 3 * HOUR_SECONDS;
/** So many are renewed before the first run, and so many only after the last, however fast the machine is. */
export const APART = 100;
/** DynamoDB Local keeps the tables of each region apart. */
const REGION = 'us-east-1';
const REAL_CLOCK = () => Math.floor(Date.now() / 1000);

export async function raceCleanup(race: Race): Promise<Outcome> {
  const { ledger, records, kills, killWithinMs, firstLimitMs, limitMs } = race;
  const engine = await startStore('DynamoDB Local');
  const filling = { count: records, now: REAL_CLOCK() };
  const { racing: expiring, living, expired } = await fillTable(engine, ledger, filling);
  const early = expiring.slice(0, APART);
  const late = expiring.slice(APART, 2 * APART);
  const racing = expiring.slice(2 * APART);
  const over = { now: false };
  const before = await renew(engine, early, over);
  const renewing = Promise.all([
    renew(engine, [...racing].sort(byStoredKey), over),
    renew(engine, racing, over),
  ]);
  const begun = performance.now();
  const platform = { engine, ledger };
  for (let killed = 0; killed < kills; killed++) await runAndKill(platform, randomInt(killWithinMs));
  const runs = [await run(platform, firstLimitMs)];
  while (runs.at(-1)?.finished !== true) runs.push(await run(platform, limitMs));
  const seconds = (performance.now() - begun) / 1000;
  over.now = true;
  const renewals = [...before, ...(await renewing).flat(), ...(await renew(engine, late, { now: false }))];
  const stored = await readTable(engine);
  await engine.stop();
  const renewed = renewals.filter(({ done }) => done).map(({ key }) => key);
  const cutoff = REAL_CLOCK() - HOUR_SECONDS - seconds;
  return {
    expired,
    renewed: renewed.length,
    tooLate: renewals.length - renewed.length,
    kept: runs.reduce((sum, { kept }) => sum + kept, 0),
    killed: kills,
    runs: runs.length,
    seconds,
    megabytes: Math.max(...runs.map(({ megabytes }) => megabytes)),
    lost: [...living, ...renewed].filter(key => !stored.has(key)).length,
    left: [...stored.values()].filter(end => end < cutoff).length,
  };
}

/** Renews each token until the cleanup is over. Skips a token that another writer has renewed. */
async function renew(
  engine: EngineAddress,
  tokens: readonly TokenRecord[],
  over: { readonly now: boolean },
): Promise<{ key: string; done: boolean }[]> {
  const store = tokenStore({ table: dynamoTable(TABLE, leanTransport(engine)), randomBytes });
  const renewals = [];
  for (const token of tokens) {
    if (over.now) break;
    const now = REAL_CLOCK() - SLOW_SECONDS;
    const after = { ...token, expiresAt: REAL_CLOCK() + DAY_SECONDS, version: token.version + 1 };
    const done = await store.update(token, after, now);
    const isGone = !done && (await store.get(token.account, token.id, now)) === undefined;
    if (done || isGone) renewals.push({ key: storedKey(token), done });
  }
  return renewals;
}

function byStoredKey(a: TokenRecord, b: TokenRecord): number {
  return storedKey(a) < storedKey(b) ? -1 : 1;
}

interface Platform {
  readonly engine: EngineAddress;
  readonly ledger: string;
}

function start({ engine: { endpoint, accessKeyId, secretAccessKey }, ledger }: Platform, ms: number) {
  return fork(join(import.meta.dirname, 'cleanup-process.ts'), [`${ms}`], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    env: {
      PULLPASS_URL: 'https://pullpass.example',
      PULLPASS_TABLE: TABLE,
      PULLPASS_LEDGER: `file:${ledger}`,
      AWS_ENDPOINT_URL_DYNAMODB: endpoint,
      AWS_REGION: REGION,
      AWS_ACCESS_KEY_ID: accessKeyId,
      AWS_SECRET_ACCESS_KEY: secretAccessKey,
    },
  });
}

async function runAndKill(platform: Platform, afterMs: number): Promise<void> {
  const child = start(platform, Number.MAX_SAFE_INTEGER);
  const exit = once(child, 'exit');
  await Promise.race([sleep(afterMs), exit]);
  child.kill('SIGKILL');
  await exit;
}

async function run(platform: Platform, limitMs: number): Promise<Run> {
  const child = start(platform, limitMs);
  const exit = once(child, 'exit');
  const [counts] = (await Promise.race([once(child, 'message'), exit])) as [unknown];
  await exit;
  if (typeof counts !== 'object' || counts === null) throw new Error('a run of the cleanup has failed');
  return counts as Run;
}
