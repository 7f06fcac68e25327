/** Key documents of services, read again every minute. */

import { type Refreshing, refreshing } from '../cache/refreshing.ts';
import { unavailable } from '../domain/errors.ts';
import type { Service } from '../domain/service.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { KeyFile, KeyReader } from './key-store.ts';

/** A service's document, at most a minute old, or ten while it cannot be read. Throws `unavailable` without one. */
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

/** Holds one document for each service of the configuration. */
export function cached<T>({ keys, file, parse }: CachedFile<T>): Cached<T> {
  async function load(service: Service): Promise<T> {
    try {
      const text = await keys.read(service.name, file);
      if (text === undefined) throw new Error(`${file} of ${service.name}: missing`);
      return parse(text, service);
    } catch (cause) {
      throw unavailable(`no ${file} for ${service.name}`, { cause });
    }
  }

  const documents = new Map<string, Refreshing<T>>();
  return (service, now) => {
    const document =
      documents.get(service.name) ??
      refreshing({
        load: () => load(service),
        freshFor: MINUTE_SECONDS,
        usableFor: CACHE_SECONDS,
        retryAfter: RETRY_SECONDS,
        retryEmptyAfter: 0,
      });
    documents.set(service.name, document);
    return document.get(now);
  };
}
