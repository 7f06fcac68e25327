/** How soon `npm start` is ready in an empty directory, and what it keeps in memory then. */
import { join } from 'node:path';
import { startLocal } from '../support/local-process.ts';
import { residentMb } from '../support/proc.ts';
import { type Row, row } from '../support/row.ts';
import { median } from '../support/statistics.ts';
import { openWorld } from '../support/world.ts';

const ROUNDS = 3;

export async function start(): Promise<Row[]> {
  const world = await openWorld();
  const readyMs: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const started = await startLocal(join(world.directory, `npm-${i}`), ['npm', 'start']);
    readyMs.push(started.readyMs);
    await started.close();
  }
  const idle = await startLocal(join(world.directory, 'idle'));
  const resident = residentMb(idle.pid);
  await idle.close();
  await world.close();
  return [
    row('here', 'npm start until it is healthy, first start', {
      value: median(readyMs) / 1000,
      unit: 's',
      atMost: 5,
    }),
    row('here', 'memory of npm start, idle', { value: resident, unit: 'MB', digits: 0, atMost: 200 }),
  ];
}
