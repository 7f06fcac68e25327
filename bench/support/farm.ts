/** Agents that come at the same moment, each with a connection of its own and one request. */
import { load } from './load.ts';
import { quantile } from './statistics.ts';

export interface Farm {
  readonly failures: number;
  /** Until the last agent has its answer. */
  readonly ms: number;
  readonly p99: number;
}

const PATIENCE_MS = 30_000;

export async function farm(port: number, requests: readonly string[], agents: number): Promise<Farm> {
  const begun = performance.now();
  const one = (i: number) =>
    load({
      port,
      requests: [requests[i % requests.length] ?? ''],
      connections: 1,
      operations: 1,
      forMs: PATIENCE_MS,
      mayClose: true,
      expected: /^HTTP/,
    });
  const results = await Promise.all(
    Array.from({ length: agents }, async (_, i) => {
      const { successes } = await one(i);
      return { successes, ms: performance.now() - begun };
    }),
  );
  const times = results.map(({ ms }) => ms);
  return {
    failures: results.filter(({ successes }) => successes !== 1).length,
    ms: quantile(times, 1),
    p99: quantile(times, 0.99),
  };
}
