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
  /** How many a round asks at most, where more would be refused. */
  readonly operations?: number;
}

export interface Round {
  /** CPU of the server's process for one operation, in milliseconds. */
  readonly cpu: number;
  /** Of one operation among those at a time, in milliseconds. */
  readonly p50: number;
}

/** The medians, and the rounds that they are of. */
export interface Cost extends Round {
  readonly rounds: readonly Round[];
}

/** The median of the ratios of each round: what else the machine does falls on both of a round. */
export function ratio(over: Cost, under: Cost, figure: keyof Round = 'cpu'): number {
  return median(over.rounds.map((round, i) => round[figure] / (under.rounds[i]?.[figure] ?? Number.NaN)));
}

const WARM_UP_MS = 2_000;
const ROUND_MS = 800;
const ROUNDS = 7;

/** The costs of an operation of each subject. */
export async function compare<N extends string>(
  subjects: Readonly<Record<N, Subject>>,
  rounds = ROUNDS,
): Promise<Record<N, Cost>> {
  const names = Object.keys(subjects) as N[];
  const measured = new Map(names.map(name => [name, [] as Round[]]));
  for (const name of names) await round(subjects[name], WARM_UP_MS);
  for (let i = 0; i < rounds; i++) {
    for (const name of names) measured.get(name)?.push(await round(subjects[name], ROUND_MS));
  }
  return Object.fromEntries([...measured].map(([name, all]) => [name, costOf(all)])) as Record<N, Cost>;
}

function costOf(rounds: readonly Round[]): Cost {
  return { cpu: median(rounds.map(({ cpu }) => cpu)), p50: median(rounds.map(({ p50 }) => p50)), rounds };
}

async function round({ server, requests, ...more }: Subject, forMs: number): Promise<Round> {
  const before = cpuMs(server.pid);
  const { operations, latenciesMs } = await load({ port: server.port, requests, forMs, ...more });
  return { cpu: (cpuMs(server.pid) - before) / operations, p50: quantile(latenciesMs, 0.5) };
}
