/** The secrets with which registries report what was pulled there: by reference, compared in constant time. */
import { hash, timingSafeEqual } from 'node:crypto';
import { type Refreshing, refreshing } from '../cache/refreshing.ts';
import { PullpassError, unavailable } from '../domain/errors.ts';
import type { NotificationSecrets } from '../ports/others.ts';
import { readReference, type UpstreamLoginOptions } from './login.ts';

/** A secret that was replaced counts at once, and the old one no longer than this. */
const FRESH_MS = 5 * 60_000;
/** One that cannot be read is taken for unchanged as long as this. */
const USABLE_MS = 12 * 3_600_000;
const RETRY_MS = 5_000;
/** Shorter ones are guessed. */
const MIN_LENGTH = 16;

export function notificationSecrets(options: Pick<UpstreamLoginOptions, 'readSecret'>): NotificationSecrets {
  const digests = new Map<string, Refreshing<Buffer>>();

  function digestAt(reference: string): Refreshing<Buffer> {
    const found =
      digests.get(reference) ??
      refreshing({
        load: () => load(reference, options),
        freshFor: FRESH_MS,
        usableFor: USABLE_MS,
        retryAfter: RETRY_MS,
      });
    digests.set(reference, found);
    return found;
  }

  return {
    async matches({ secret: reference }, given, nowMs) {
      const digest = digestOf(given.reveal());
      const known = digestAt(reference);
      if (timingSafeEqual(await known.get(nowMs), digest)) return true;
      // It may have been replaced; a stranger has it read again every five seconds at most.
      return timingSafeEqual(await known.reload(nowMs), digest);
    },
  };
}

async function load(reference: string, options: Pick<UpstreamLoginOptions, 'readSecret'>): Promise<Buffer> {
  const secret = await readReference(reference, options).catch((cause: unknown) => {
    const why = cause instanceof PullpassError ? cause.details.reason : undefined;
    throw unavailable(`secret of notifications: ${why ?? 'it cannot be read'}`, { cause });
  });
  if (secret.length < MIN_LENGTH)
    throw unavailable(`secret of notifications: ${reference} has less than ${MIN_LENGTH} characters`);
  return digestOf(secret);
}

/** Always 32 bytes, which timingSafeEqual needs. */
function digestOf(text: string): Buffer {
  return hash('sha256', text, 'buffer');
}
