/** Measures several servers in turn, again and again, so that a noisy minute falls on all of them alike. */
import { load } from './load.ts';
import { cpuMs } from './proc.ts';
import type { Server } from './server.ts';
import { median, quantile } from './statistics.ts';

export interface Subject {
  readonly server: Pick<Server, 'pid' | 'port'>;
  readonly requests: readonly string[];
  /** The answers that are expected; absent: successes. */
  readonly expected?: RegExp;
  /** How many are asked at a time; absent: eight. */
  readonly connections?: number;
}

/** Medians over the rounds. */
export interface Cost {
  /** CPU of the server's process for one operation, in milliseconds. */
  readonly cpu: number;
  /** Of one operation among those at a time, in milliseconds. */
  readonly p50: number;
}

const WARM_UP_MS = 2_500;
const ROUND_MS = 1_200;
const ROUNDS = 7;

/** The costs of an operation of each subject. */
export async function compare<N extends string>(
  subjects: Readonly<Record<N, Subject>>,
  rounds = ROUNDS,
): Promise<Record<N, Cost>> {
  const names = Object.keys(subjects) as N[];
  const measured = new Map(names.map(name => [name, [] as Cost[]]));
  for (const name of names) await round(subjects[name], WARM_UP_MS);
  for (let i = 0; i < rounds; i++) {
    for (const name of names) measured.get(name)?.push(await round(subjects[name], ROUND_MS));
  }
  return Object.fromEntries(
    [...measured].map(([name, costs]) => [
      name,
      { cpu: median(costs.map(({ cpu }) => cpu)), p50: median(costs.map(({ p50 }) => p50)) },
    ]),
  ) as Record<N, Cost>;
}

async function round({ server, requests, ...more }: Subject, forMs: number): Promise<Cost> {
  const before = cpuMs(server.pid);
  const { operations, latenciesMs } = await load({ port: server.port, requests, forMs, ...more });
  return { cpu: (cpuMs(server.pid) - before) / operations, p50: quantile(latenciesMs, 0.5) };
}
