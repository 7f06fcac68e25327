/** Rotates the keys that sign credentials. */

import { CREDENTIAL_LIFE_SECONDS } from '../domain/credential.ts';
import { currentKey, publishedKeys } from '../domain/key-ring.ts';
import { MINUTE_SECONDS } from '../domain/time.ts';
import type { CredentialKeyReport, CredentialKeyRotation } from '../ports/keys.ts';
import type { RandomBytes } from '../ports/system.ts';
import {
  CACHE_SECONDS,
  type CredentialKey,
  readCredentialDocument,
  writeCredentialDocument,
} from './credential-keys.ts';
import { FIRST_KEY, newKey, secretKey } from './key-file.ts';
import type { KeySource } from './key-source.ts';

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
