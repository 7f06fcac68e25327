/** The keys that sign credentials: read from their document, and rotated. */

import { createHmac, type KeyObject } from 'node:crypto';
import { refreshing } from '../cache/refreshing.ts';
import { CREDENTIAL_LIFE_SECONDS, isCredentialKeyName } from '../domain/credential.ts';
import { unavailable } from '../domain/errors.ts';
import { currentKey, type KeyTimes, publishedKeys } from '../domain/key-ring.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { CredentialKeyReport, CredentialKeyRotation, CredentialKeys } from '../ports/keys.ts';
import type { RandomBytes } from '../ports/system.ts';
import { FIRST_KEY, type KeySource, newKey, parseJson, parseKeys, secretKey } from './key-source.ts';

export interface CredentialKey extends KeyTimes {
  readonly name: string;
  readonly key: KeyObject;
}

/** How old the document may be, in seconds, without a look; and at most, as long as it can be read: then a caller waits for it. */
const FRESH_SECONDS = 5 * MINUTE_SECONDS;

const BESIDE_SECONDS = 10 * MINUTE_SECONDS;

/** How old it may be while it cannot be read. An outage of ten minutes stops no login. */
const CACHE_SECONDS = 20 * MINUTE_SECONDS;

/** At least this long passes between a read that failed, or did not find a name, and the next one. */
const RETRY_SECONDS = 10;

/**
 * The keys in the document of `source`. Without a document that was read in the last twenty minutes, and for an unknown name
 * while the document cannot be read, every call throws `unavailable`: that is not the same as "no such key". A document that was
 * deleted is no document at once: so an operator ends every credential after a theft.
 */
export function credentialKeys(source: Pick<KeySource, 'name' | 'read'>): CredentialKeys {
  const document = refreshing({
    load: () => load(source),
    freshFor: keys => (keys === undefined ? RETRY_SECONDS : FRESH_SECONDS) * 1000,
    besideFor: keys => (keys === undefined ? 0 : BESIDE_SECONDS) * 1000,
    usableFor: CACHE_SECONDS * 1000,
    retryAfter: RETRY_SECONDS * 1000,
    retryEmptyAfter: 0,
  });
  const get = async (now: number) => present(await document.get(now * 1000));
  const reload = async (now: number) => present(await document.reload(now * 1000));
  const present = (keys: readonly CredentialKey[] | undefined) => {
    if (keys === undefined)
      throw unavailable('no credential keys', { cause: new Error(`${source.name}: missing`) });
    return keys;
  };
  return {
    async current(now) {
      const key = currentKey(await get(now), now);
      if (key === undefined) throw unavailable('no credential key in use');
      return key.name;
    },
    async mac(name, text, now) {
      const named = (keys: readonly CredentialKey[]) =>
        publishedKeys(keys, now).find(key => key.name === name);
      const found = named(await get(now)) ?? named(await reload(now));
      return found && createHmac('sha256', found.key).update(text).digest();
    },
  };
}

/** Undefined: there is none. */
async function load(source: Pick<KeySource, 'name' | 'read'>): Promise<readonly CredentialKey[] | undefined> {
  try {
    const text = await source.read();
    return text === undefined ? undefined : readCredentialDocument(text, source.name);
  } catch (cause) {
    throw unavailable('no credential keys', { cause });
  }
}

const MARGIN_SECONDS = 5 * MINUTE_SECONDS;

/** By then every process has read the new key. */
const LEAD_SECONDS = CACHE_SECONDS + MARGIN_SECONDS;

/** How long a key stays after its last use: until its last credential has expired. */
const KNOWN_SECONDS = CREDENTIAL_LIFE_SECONDS.max + MARGIN_SECONDS;

/** Rotates the keys in the document of `source`, which is written only when a key is added or removed. */
export function credentialKeyRotation(source: KeySource, randomBytes: RandomBytes): CredentialKeyRotation {
  function change(
    now: number,
    step: (keys: readonly CredentialKey[]) => readonly CredentialKey[],
  ): Promise<CredentialKeyReport> {
    return source.transaction(async document => {
      const text = await document.read();
      const before = text === undefined ? [] : readCredentialDocument(text, source.name);
      const after = step(publishedKeys(before, now));
      const written = writeCredentialDocument(after);
      if (written !== writeCredentialDocument(before)) await document.write(written);
      return report(before, after, now);
    });
  }

  function withNew(keys: readonly CredentialKey[], useFrom: number): CredentialKey[] {
    const name = nextName(keys);
    const key = secretKey(newKey(randomBytes), name);
    const dropAfter = useFrom + KNOWN_SECONDS;
    const former = keys.map(old => ({ ...old, dropAfter: old.dropAfter ?? dropAfter }));
    return [{ name, key, useFrom, dropAfter: null }, ...former];
  }

  return {
    maintain: now => change(now, keys => (currentKey(keys, now) === undefined ? withNew(keys, now) : keys)),
    rotate: now =>
      change(now, keys => {
        if (currentKey(keys, now) === undefined) return withNew(keys, now);
        return upcoming(keys, now) === null ? withNew(keys, now + LEAD_SECONDS) : keys;
      }),
  };
}

/** `k` and the next number: the newest key is never removed, so no name is used twice. */
function nextName(keys: readonly CredentialKey[]): string {
  const numbers = keys.map(({ name }) => Number(/^k(\d+)$/.exec(name)?.[1] ?? 0));
  return keys.length === 0 ? FIRST_KEY : `k${Math.max(...numbers) + 1}`;
}

function upcoming(keys: readonly CredentialKey[], now: number): CredentialKeyReport['next'] {
  const next = keys.find(({ useFrom }) => useFrom !== null && useFrom > now);
  return next === undefined ? null : { name: next.name, useFrom: next.useFrom ?? now };
}

function report(
  before: readonly CredentialKey[],
  after: readonly CredentialKey[],
  now: number,
): CredentialKeyReport {
  const namesOnlyIn = (all: readonly CredentialKey[], others: readonly CredentialKey[]) =>
    all.map(({ name }) => name).filter(name => others.every(other => other.name !== name));
  return {
    current: currentKey(after, now)?.name ?? null,
    next: upcoming(after, now),
    added: namesOnlyIn(after, before),
    removed: namesOnlyIn(before, after),
  };
}

/**
 * The keys in the document `{"version": 1, "keys": [{name, key, useFrom, dropAfter}]}`, newest first. The document of an
 * earlier version has no times: its current key signs, the others only verify. Throws for anything else.
 */
function readCredentialDocument(text: string, source: string): CredentialKey[] {
  const document = parseJson(text, source);
  const keys = 'version' in document ? withTimes(document, source) : withoutTimes(document, source);
  if (new Set(keys.map(({ name }) => name)).size < keys.length) throw new Error(`${source}: a name twice`);
  return keys;
}

function writeCredentialDocument(keys: readonly CredentialKey[]): string {
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
