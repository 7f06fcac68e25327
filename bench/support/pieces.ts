/** Measures small pieces of work in this process in turn, again and again, by its processor time. */
import { median } from './statistics.ts';

const ROUNDS = 25;
const WARM_UP = 2_000;

/** Microseconds of processor time for one time of each; medians over the rounds, in each of which it is done so often. */
export async function interleaved<N extends string>(
  pieces: Readonly<Record<N, () => unknown>>,
  times = 400,
): Promise<Record<N, number>> {
  const names = Object.keys(pieces) as N[];
  const measured = new Map(names.map(name => [name, [] as number[]]));
  for (const name of names) await microseconds(pieces[name], WARM_UP);
  for (let round = 0; round < ROUNDS; round++) {
    // Forwards and backwards: neither has the better place.
    for (const name of round % 2 === 0 ? names : names.toReversed()) {
      measured.get(name)?.push(await microseconds(pieces[name], times));
    }
  }
  return Object.fromEntries([...measured].map(([name, all]) => [name, median(all)])) as Record<N, number>;
}

async function microseconds(piece: () => unknown, times: number): Promise<number> {
  const before = process.cpuUsage();
  for (let i = 0; i < times; i++) {
    const result = piece();
    if (result instanceof Promise) await result;
  }
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
