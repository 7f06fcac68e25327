/** The document that credential keys are kept in: which there are, from when on each is used, until when it is known. */
import type { KeyObject } from 'node:crypto';
import { isCredentialKeyName } from '../domain/credential.ts';
import type { KeyTimes } from '../domain/key-ring.ts';
import { parseKeys } from './key-file.ts';
import { parseJson, secretKey } from './key-text.ts';

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
