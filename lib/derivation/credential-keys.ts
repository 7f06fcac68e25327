/** The keys that sign credentials: their document, and the cache of it. */

import { createHmac, type KeyObject } from 'node:crypto';
import { isCredentialKeyName } from '../domain/credential.ts';
import { unavailable } from '../domain/errors.ts';
import { currentKey, type KeyTimes, publishedKeys } from '../domain/key-ring.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { CredentialKeys } from '../ports/keys.ts';
import { parseJson, parseKeys, secretKey } from './key-file.ts';
import type { KeySource } from './key-source.ts';

export interface CredentialKey extends KeyTimes {
  readonly name: string;
  readonly key: KeyObject;
}

/**
 * The keys in the document `{"version": 1, "keys": [{name, key, useFrom, dropAfter}]}`, newest first. One without times,
 * such as a derivation key lies in, is read too: its current key is used, the others are known. Throws for anything else.
 */
export function readCredentialDocument(text: string, place: string): CredentialKey[] {
  const document = parseJson(text, place);
  const keys = 'version' in document ? withTimes(document, place) : withoutTimes(document, place);
  if (new Set(keys.map(({ name }) => name)).size < keys.length) throw new Error(`${place}: a name twice`);
  return keys;
}

export function writeCredentialDocument(keys: readonly CredentialKey[]): string {
  const entries = keys.map(({ name, key, useFrom, dropAfter }) => {
    return { name, key: key.export().toString('base64url'), useFrom, dropAfter };
  });
  return `${JSON.stringify({ version: 1, keys: entries }, null, 2)}\n`;
}

function withTimes(
  { version, keys, ...others }: Readonly<Record<string, unknown>>,
  place: string,
): CredentialKey[] {
  if (version !== 1 || !Array.isArray(keys) || Object.keys(others).length > 0) {
    throw new Error(`${place}: must hold "version", which is 1, and "keys"`);
  }
  return keys.map((entry: unknown) => {
    const { name, key, useFrom, dropAfter } = Object(entry) as Record<string, unknown>;
    if (!isTime(useFrom) || !isTime(dropAfter)) throw new Error(`${place}: a key without its times`);
    return { ...named(name, key, place), useFrom, dropAfter };
  });
}

function withoutTimes(document: Readonly<Record<string, unknown>>, place: string): CredentialKey[] {
  const { current, keys } = parseKeys(document, place);
  return keys.map(([name, key]) => ({
    ...named(name, key, place),
    useFrom: name === current ? 0 : null,
    dropAfter: null,
  }));
}

function named(name: unknown, key: unknown, place: string): Pick<CredentialKey, 'name' | 'key'> {
  if (typeof name !== 'string' || !isCredentialKeyName(name)) {
    throw new Error(`${place}: a key must be named by 1 to 8 small letters and digits`);
  }
  return { name, key: secretKey(key, `${place}: ${name}`) };
}

function isTime(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && Number(value) >= 0);
}

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
      throw unavailable('no credential keys', { cause });
    }
  }

  async function look(now: number): Promise<Known> {
    if (now < failedAt + PAUSE_SECONDS) {
      throw unavailable('no credential keys, a moment ago');
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
      if (key === undefined) throw unavailable('no credential key in use');
      return key.name;
    },
    async mac(name, text, now) {
      const found = await find(name, now);
      return found && createHmac('sha256', found.key).update(text).digest();
    },
  };
}
