/** The keys that sign credentials: their document, and its cache. */

import { createHmac, type KeyObject } from 'node:crypto';
import { refreshing } from '../cache/refreshing.ts';
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

/** How old the document may be, in seconds: usually, and while it cannot be read. */
const FRESH_SECONDS = 5 * MINUTE_SECONDS;

export const CACHE_SECONDS = 10 * MINUTE_SECONDS;

/** At least this long passes between a read that failed, or did not find a name, and the next one. */
const RETRY_SECONDS = 10;

/**
 * The keys in the document of `source`. Without a document that was read in the last ten minutes, and for an unknown name
 * while the document cannot be read, every call throws `unavailable`: that is not the same as "no such key".
 */
export function credentialKeys(source: Pick<KeySource, 'name' | 'read'>): CredentialKeys {
  const document = refreshing({
    load: () => load(source),
    freshFor: FRESH_SECONDS,
    usableFor: CACHE_SECONDS,
    retryAfter: RETRY_SECONDS,
  });
  return {
    async current(now) {
      const key = currentKey(await document.get(now), now);
      if (key === undefined) throw unavailable('no credential key in use');
      return key.name;
    },
    async mac(name, text, now) {
      const named = (keys: readonly CredentialKey[]) =>
        publishedKeys(keys, now).find(key => key.name === name);
      const found = named(await document.get(now)) ?? named(await document.reload(now));
      return found && createHmac('sha256', found.key).update(text).digest();
    },
  };
}

async function load(source: Pick<KeySource, 'name' | 'read'>): Promise<readonly CredentialKey[]> {
  try {
    const text = await source.read();
    if (text === undefined) throw new Error(`${source.name}: missing`);
    return readCredentialDocument(text, source.name);
  } catch (cause) {
    throw unavailable('no credential keys', { cause });
  }
}

/**
 * The keys in the document `{"version": 1, "keys": [{name, key, useFrom, dropAfter}]}`, newest first. The document of an
 * earlier version has no times: its current key signs, the others only verify. Throws for anything else.
 */
export function readCredentialDocument(text: string, source: string): CredentialKey[] {
  const document = parseJson(text, source);
  const keys = 'version' in document ? withTimes(document, source) : withoutTimes(document, source);
  if (new Set(keys.map(({ name }) => name)).size < keys.length) throw new Error(`${source}: a name twice`);
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
  source: string,
): CredentialKey[] {
  if (version !== 1 || !Array.isArray(keys) || Object.keys(others).length > 0) {
    throw new Error(`${source}: must hold "version", which is 1, and "keys"`);
  }
  return keys.map((entry: unknown) => {
    const { name, key, useFrom, dropAfter } = Object(entry) as Record<string, unknown>;
    if (!isTime(useFrom) || !isTime(dropAfter)) throw new Error(`${source}: a key without its times`);
    return { ...named(name, key, source), useFrom, dropAfter };
  });
}

function withoutTimes(document: Readonly<Record<string, unknown>>, source: string): CredentialKey[] {
  const { current, keys } = parseKeys(document, source);
  return keys.map(([name, key]) => ({
    ...named(name, key, source),
    useFrom: name === current ? 0 : null,
    dropAfter: null,
  }));
}

function named(name: unknown, key: unknown, source: string): Pick<CredentialKey, 'name' | 'key'> {
  if (typeof name !== 'string' || !isCredentialKeyName(name)) {
    throw new Error(`${source}: a key must be named by 1 to 8 small letters and digits`);
  }
  return { name, key: secretKey(key, `${source}: ${name}`) };
}

function isTime(value: unknown): value is number | null {
  return value === null || (Number.isSafeInteger(value) && Number(value) >= 0);
}
