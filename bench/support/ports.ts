/** Ports of loopback: one that is free, and one that is answered. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

/** Waits until a request is answered at all, or as `accepts` wants it. Throws when that takes too long. */
export async function answering(
  url: string,
  accepts: (answer: Response) => boolean = () => true,
): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  while (performance.now() < end) {
    const answer = await fetch(url).catch(() => undefined);
    if (answer !== undefined && accepts(answer)) return;
    await sleep(5);
  }
  throw new Error(`${url} does not answer`);
}
