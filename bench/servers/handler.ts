/**
 * A handler that is called in its own process, without a gateway, one request at a time as on Lambda: ours, or the floor's. For each
 * message it runs for some time, or so often, and answers how many answers there were and their processor time.
 */
import type { HttpHandler } from '../../lib/http/chain.ts';
import { CONTEXT } from '../../local/event.ts';

const [file = '', json = ''] = process.argv.slice(2);
const { handler } = (await import(file)) as { handler: HttpHandler };
const event = JSON.parse(json);

interface Run {
  readonly forMs?: number;
  readonly operations?: number;
}

process.once('disconnect', () => process.exit());
process.on('message', async ({ forMs = Number.POSITIVE_INFINITY, operations: most }: Run) => {
  const before = process.cpuUsage();
  const end = performance.now() + forMs;
  let operations = 0;
  for (; performance.now() < end && operations !== most; operations++) {
    const { statusCode } = await handler(event, CONTEXT);
    if (statusCode !== 200 && statusCode !== 201) throw new Error(`answered ${statusCode}`);
  }
  const { user, system } = process.cpuUsage(before);
  process.send?.({ operations, cpuMs: (user + system) / 1000 });
});
process.send?.({ port: 0 });
