/** The rings that sign, read again every minute. */
import { PullpassError } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { KeyReader } from './key-directory.ts';
import { type Ring, readRing } from './ring.ts';

export interface Rings {
  /**
   * The ring of a service, at most a minute old; while it cannot be read, the last one for ten minutes. Throws
   * `unavailable` when there is none.
   */
  ring(service: Service, now: number): Promise<Ring>;
}

/** A ring signs for so long, at most, after it was read. */
export const RING_KEPT_SECONDS = 10 * MINUTE_SECONDS;
const RETRY_SECONDS = 10;

/** Deadlines are times, not timers: a function that was frozen wakes up and reads again. */
interface Cached {
  readonly ring: Ring;
  readonly readAgainAt: number;
  readonly keepUntil: number;
}

/** Reads rings through a cache: one entry for each service of the configuration, one reader at a time for each. */
export function cachedRings(keys: KeyReader): Rings {
  const cached = new Map<string, Cached>();
  const reading = new Map<string, Promise<Ring>>();

  function readOnce(service: Service, now: number): Promise<Ring> {
    const running =
      reading.get(service.name) ?? read(service, now).finally(() => reading.delete(service.name));
    reading.set(service.name, running);
    return running;
  }

  async function read(service: Service, now: number): Promise<Ring> {
    const text = await keys.read(service.name, 'ring.json');
    if (text === undefined) throw new Error(`the ring of ${service.name}: missing`);
    const ring = readRing(text, service);
    cached.set(service.name, { ring, readAgainAt: now + MINUTE_SECONDS, keepUntil: now + RING_KEPT_SECONDS });
    return ring;
  }

  return {
    async ring(service, now) {
      const known = cached.get(service.name);
      if (known !== undefined && now < known.readAgainAt) return known.ring;
      try {
        return await readOnce(service, now);
      } catch (cause) {
        if (known === undefined || now >= known.keepUntil) {
          throw new PullpassError('unavailable', { reason: `no ring for ${service.name}`, cause });
        }
        cached.set(service.name, { ...known, readAgainAt: now + RETRY_SECONDS });
        return known.ring;
      }
    },
  };
}
