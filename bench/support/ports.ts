/** Waits for a port of loopback that is answered. */
import { setTimeout as sleep } from 'node:timers/promises';

const PATIENCE_MS = 30_000;

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
