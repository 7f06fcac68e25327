/** P11: how soon `npm start` is ready with 100 000 tokens in its store, and in an empty directory; its memory then. */
import { join } from 'node:path';
import { fill, startLocal } from '../support/local-process.ts';
import { residentMb } from '../support/proc.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { openWorld } from '../support/world.ts';

const ROUNDS = 5;
const TOKENS = 100_000;

export async function* start(): AsyncGenerator<Row> {
  const world = await openWorld();
  const full = join(world.directory, 'full');
  await fill(full, 'dev:dev', TOKENS);
  const [readyMs, firstMs, memory]: [number[], number[], number[]] = [[], [], []];
  for (let i = 0; i < ROUNDS; i++) {
    const started = await startLocal(full);
    readyMs.push(started.readyMs);
    memory.push(residentMb(started.pid));
    await started.close();
    const first = await startLocal(join(world.directory, `empty-${i}`));
    firstMs.push(first.readyMs);
    await first.close();
  }
  await world.close();
  yield row('P11', 'npm start until it is healthy, with 100 000 tokens', {
    value: median(readyMs) / 1000,
    unit: 's',
    atMost: 0.5,
  });
  yield row('', 'the same in an empty directory', { value: median(firstMs) / 1000, unit: 's' });
  yield row('', 'memory of npm start then', { value: median(memory), unit: 'MB', digits: 0 });
}
