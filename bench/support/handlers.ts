/** The processor time of handlers that are called without a gateway, measured in turn as `compare` does it with servers. */
import { join } from 'node:path';
import { loginEvent } from './lambda-size.ts';
import type { LoginServers } from './login-servers.ts';
import { startServer } from './server.ts';
import { median } from './statistics.ts';

const WARM_UP_MS = 2_000;
const ROUND_MS = 800;
const ROUNDS = 9;
const ROOT = join(import.meta.dirname, '..', '..');

/** Milliseconds of a login by the handler of each file, the median of the rounds. */
export async function compareHandlers<N extends string>(
  files: Readonly<Record<N, string>>,
  { environment, value }: LoginServers,
): Promise<Record<N, number>> {
  const event = JSON.stringify(loginEvent(value));
  const handlers = new Map<N, { run: (forMs: number) => Promise<number>; close: () => Promise<void> }>();
  for (const name of Object.keys(files) as N[]) {
    const server = await startServer('handler', {
      environment,
      parameters: [join(ROOT, files[name]), event],
    });
    const run = async (forMs: number) => {
      const { operations, cpuMs } = (await server.ask({ forMs })) as { operations: number; cpuMs: number };
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
