/** Many processes that wait for one lock, whose holder is killed: never two inside at once. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { temporaryDirectory } from '../signing/context.ts';

const ROUNDS = 60;
const WAITERS = 4;

async function started(path: string, holdMs: number): Promise<ChildProcess> {
  const child = fork(new URL('lock-process.ts', import.meta.url), [path, String(holdMs)]);
  expect(await once(child, 'message')).toContain('ready');
  return child;
}

it(`one of ${WAITERS} waiters is inside at a time after the holder was killed, in ${ROUNDS} rounds`, async () => {
  const directory = await temporaryDirectory();
  for (let round = 0; round < ROUNDS; round++) {
    const path = join(directory, `lock-${round}`);
    const holder = await started(path, 60_000);
    holder.send('go');
    await once(holder, 'message');
    const waiters = await Promise.all(Array.from({ length: WAITERS }, () => started(path, 5)));
    for (const waiter of waiters) waiter.send('go');
    const left = waiters.map(waiter => once(waiter, 'exit'));
    holder.kill('SIGKILL');
    await Promise.all(left);
    const seen = (await readFile(`${path}-log`, 'utf8')).trim().split('\n');
    // The holder went in and never came out; after it each waiter went in and came out, one after the other.
    expect(seen.map(line => line.split(' ')[0])).toEqual([
      'in',
      ...Array(WAITERS).fill(['in', 'out']).flat(),
    ]);
  }
});
