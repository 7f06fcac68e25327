/** The keys that authenticate credentials, read when they are needed, and again, so that they can change. */
import { createHmac } from 'node:crypto';
import { PullpassError } from '../domain/errors.ts';
import { currentKey, publishedKeys } from '../domain/key-ring.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { CredentialKeys } from '../ports.ts';
import { type CredentialKey, readCredentialDocument } from './credential-document.ts';
import type { KeySource } from './key-place.ts';

/** How old what was read may be, in seconds: usually, and while it cannot be read. */
const READ_AGAIN_SECONDS = 5 * MINUTE_SECONDS;
export const CACHE_SECONDS = 10 * MINUTE_SECONDS;
/** After a look, for a name that was not there or because it failed, so long passes before the next one. */
const PAUSE_SECONDS = 10;

interface Known {
  readonly keys: readonly CredentialKey[];
  readonly readAt: number;
}

/**
 * The keys in the document at `place`. Without a document that was read in the last ten minutes, and for a name that is
 * not known while the document cannot be read, every call throws `unavailable`: that is not the same as "no".
 */
export function credentialKeys(place: Pick<KeySource, 'name' | 'read'>): CredentialKeys {
  let known: Known | undefined;
  let failedAt = Number.NEGATIVE_INFINITY;
  let reading: Promise<Known> | undefined;

  async function load(now: number): Promise<Known> {
    try {
      const text = await place.read();
      if (text === undefined) throw new Error(`${place.name}: missing`);
      known = { keys: readCredentialDocument(text, place.name), readAt: now };
      return known;
    } catch (cause) {
      failedAt = now;
      throw new PullpassError('unavailable', { reason: 'no credential keys', cause });
    }
  }

  async function look(now: number): Promise<Known> {
    if (now < failedAt + PAUSE_SECONDS) {
      throw new PullpassError('unavailable', { reason: 'no credential keys, a moment ago' });
    }
    reading ??= load(now).finally(() => {
      reading = undefined;
    });
    return reading;
  }

  async function atHand(now: number): Promise<Known> {
    if (known !== undefined && now < known.readAt + READ_AGAIN_SECONDS) return known;
    try {
      return await look(now);
    } catch (error) {
      if (known === undefined || now >= known.readAt + CACHE_SECONDS) throw error;
      return known;
    }
  }

  async function find(name: string, now: number): Promise<CredentialKey | undefined> {
    const named = ({ keys }: Known) => publishedKeys(keys, now).find(key => key.name === name);
    const first = await atHand(now);
    const found = named(first);
    return found === undefined && now >= first.readAt + PAUSE_SECONDS ? named(await look(now)) : found;
  }

  return {
    async current(now) {
      const key = currentKey((await atHand(now)).keys, now);
      if (key === undefined) throw new PullpassError('unavailable', { reason: 'no credential key in use' });
      return key.name;
    },
    async mac(name, text, now) {
      const found = await find(name, now);
      return found && createHmac('sha256', found.key).update(text).digest();
    },
  };
}
