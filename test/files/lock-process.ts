/** A process that takes a lock when it gets a message, and writes down when it goes in and comes out. */
import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { withLock } from '../../lib/files/lock.ts';

const [path = '', holdMs = ''] = process.argv.slice(2);

process.once('message', async () => {
  await withLock(path, { patienceMs: 60_000 }, async () => {
    appendFileSync(`${path}-log`, `in ${process.pid}\n`);
    process.send?.('in');
    await sleep(Number(holdMs));
    appendFileSync(`${path}-log`, `out ${process.pid}\n`);
  });
  process.disconnect();
});
process.send?.('ready');
