/** The processor time of handlers that are called without a gateway, measured in turn as `compare` does it with servers. */
import { join } from 'node:path';
import { startServer } from './server.ts';
import { median } from './statistics.ts';

const WARM_UP_MS = 2_000;
const ROUND_MS = 800;
const ROUNDS = 9;
const ROOT = join(import.meta.dirname, '..', '..');

/** A file that exports a handler, and the request that it answers again and again. */
export interface HandlerSubject {
  readonly file: string;
  readonly event: object;
  readonly environment: Readonly<Record<string, string>>;
  /** How often a round asks at most, where more would be refused. */
  readonly operations?: number;
}

/** Milliseconds of an answer of each handler, the median of the rounds. */
export async function compareHandlers<N extends string>(
  subjects: Readonly<Record<N, HandlerSubject>>,
): Promise<Record<N, number>> {
  const handlers = new Map<N, { run: (forMs: number) => Promise<number>; close: () => Promise<void> }>();
  for (const name of Object.keys(subjects) as N[]) {
    const { file, event, environment, operations: most } = subjects[name];
    const parameters = [join(ROOT, file), JSON.stringify(event)];
    const server = await startServer('handler', { environment, parameters });
    const run = async (forMs: number) => {
      const { operations, cpuMs } = (await server.ask({ forMs, operations: most })) as {
        operations: number;
        cpuMs: number;
      };
      return cpuMs / operations;
    };
    handlers.set(name, { run, close: server.close });
    await run(WARM_UP_MS);
  }
  const measured = new Map([...handlers.keys()].map(name => [name, [] as number[]]));
  for (let i = 0; i < ROUNDS; i++) {
    for (const [name, { run }] of handlers) measured.get(name)?.push(await run(ROUND_MS));
  }
  for (const { close } of handlers.values()) await close();
  return Object.fromEntries([...measured].map(([name, times]) => [name, median(times)])) as Record<N, number>;
}
