/** Documents of services that are kept for a while, and read again every minute. */

import { unavailable } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { KeyFile, KeyReader } from './key-store.ts';

/**
 * What a service's file says, at most a minute old; while it cannot be read, what it last said for ten minutes. Throws
 * `unavailable` when there is nothing.
 */
export type Cached<T> = (service: Service, now: number) => Promise<T>;

/** A document is used for so long, at most, after it was read. */
export const CACHE_SECONDS = 10 * MINUTE_SECONDS;

const RETRY_SECONDS = 10;

export interface CachedFile<T> {
  readonly keys: KeyReader;
  readonly file: KeyFile;
  /** Throws for a text that is not this service's. */
  readonly parse: (text: string, service: Service) => T;
}

/** Deadlines are times, not timers: a function that was frozen wakes up and reads again. */
interface Entry<T> {
  readonly document: T;
  readonly readAgainAt: number;
  readonly keepUntil: number;
}

/** Keeps one entry for each service of the configuration; one reader at a time for each. */
export function cached<T>({ keys, file, parse }: CachedFile<T>): Cached<T> {
  const entries = new Map<string, Entry<T>>();
  const reading = new Map<string, Promise<T>>();

  function readOnce(service: Service, now: number): Promise<T> {
    const running =
      reading.get(service.name) ?? read(service, now).finally(() => reading.delete(service.name));
    reading.set(service.name, running);
    return running;
  }

  async function read(service: Service, now: number): Promise<T> {
    const text = await keys.read(service.name, file);
    if (text === undefined) throw new Error(`${file} of ${service.name}: missing`);
    const document = parse(text, service);
    const times = { readAgainAt: now + MINUTE_SECONDS, keepUntil: now + CACHE_SECONDS };
    entries.set(service.name, { document, ...times });
    return document;
  }

  return async (service, now) => {
    const known = entries.get(service.name);
    if (known !== undefined && now < known.readAgainAt) return known.document;
    try {
      return await readOnce(service, now);
    } catch (cause) {
      if (known === undefined || now >= known.keepUntil) {
        throw unavailable(`no ${file} for ${service.name}`, { cause });
      }
      entries.set(service.name, { ...known, readAgainAt: now + RETRY_SECONDS });
      return known.document;
    }
  };
}
