/** The world of this process, for functions on Lambda and for npm start. */

import { randomFillSync, randomBytes as systemRandomBytes } from 'node:crypto';
import type { RandomBytes } from '../ports/system.ts';
import type { World } from './parts.ts';

export interface ProcessWorld extends World {
  /** Returns when everything that was to be prepared is done or has failed, or the time is up. */
  prepared(): Promise<void>;
}

/** Lambda ends a start after ten seconds, and repeats it within the first request. */
const START_MS = 4_000;
/** So many at once: each more would open connections that an instance, which serves one request at a time, has no use for. */
const WIDTH = 2;

/** The world as this process has it. */
export function processWorld(startMs = START_MS): ProcessWorld {
  const tasks: (() => Promise<unknown>)[] = [];
  return {
    environment: process.env,
    clock: () => Date.now(),
    randomBytes: pooledRandomBytes(),
    write: line => void process.stdout.write(`${line}\n`),
    traceHeader: () => process.env._X_AMZN_TRACE_ID,
    prepare: (...more) => void tasks.push(...more),
    prepared: () => within(startMs, runAll(tasks)),
  };
}

const POOL_BYTES = 4_096;
/** More than that is asked for by itself. */
const MOST_BYTES = 64;

/** Random bytes from a pool: Node takes as long for one byte as for thousands. Each is handed out once, and then wiped. */
function pooledRandomBytes(): RandomBytes {
  const pool = Buffer.alloc(POOL_BYTES);
  let spent = POOL_BYTES;
  return count => {
    if (count > MOST_BYTES) return systemRandomBytes(count);
    if (spent + count > POOL_BYTES) {
      randomFillSync(pool);
      spent = 0;
    }
    const bytes = Buffer.from(pool.subarray(spent, spent + count));
    pool.fill(0, spent, spent + count);
    spent += count;
    return bytes;
  };
}

/** What fails here is tried again by the first request that needs it. */
async function runAll(tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const waiting = tasks.values();
  const worker = async () => {
    for (const task of waiting) await task().catch(() => undefined);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
}

async function within(ms: number, work: Promise<void>): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, ms);
  await Promise.race([promise, work]);
  clearTimeout(timer);
}
