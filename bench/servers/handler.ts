/**
 * A handler that is called in its own process, without a gateway: ours, or the floor's. For each message it runs for some time, and
 * answers how many logins there were and their processor time.
 */
import type { HttpHandler } from '../../lib/http/chain.ts';
import { CONTEXT } from '../../local/event.ts';

const AT_ONCE = 1;
const [file = '', json = ''] = process.argv.slice(2);
const { handler } = (await import(file)) as { handler: HttpHandler };
const event = JSON.parse(json);

process.once('disconnect', () => process.exit());
process.on('message', async ({ forMs }: { forMs: number }) => {
  const before = process.cpuUsage();
  const end = performance.now() + forMs;
  const counts = await Promise.all(Array.from({ length: AT_ONCE }, () => runUntil(end)));
  const { user, system } = process.cpuUsage(before);
  process.send?.({ operations: counts.reduce((sum, count) => sum + count), cpuMs: (user + system) / 1000 });
});
process.send?.({ port: 0 });

async function runUntil(end: number): Promise<number> {
  let operations = 0;
  for (; performance.now() < end; operations++) {
    const { statusCode } = await handler(event, CONTEXT);
    if (statusCode !== 200) throw new Error(`answered ${statusCode}`);
  }
  return operations;
}
