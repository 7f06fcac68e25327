/** Credential keys as the vending and the checking of credentials use them. */
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { credentialKeys } from '../../lib/derivation/credential-keys.ts';
import { NOW } from '../support/records.ts';

const KEY = (byte: number) => Buffer.alloc(32, byte).toString('base64url');
const entry = (name: string, byte: number, useFrom: number | null = 0, dropAfter: number | null = null) => ({
  name,
  key: KEY(byte),
  useFrom,
  dropAfter,
});
const documentOf = (...keys: object[]) => JSON.stringify({ version: 1, keys });
const macBy = (byte: number) => createHmac('sha256', Buffer.alloc(32, byte)).update('text').digest();

/** Keys in a source that can be changed and can fail; how often they were read. */
function keysAt(text: string | undefined) {
  const place = { text, fails: false, reads: 0 };
  const keys = credentialKeys({
    name: 'the place',
    read: async () => {
      place.reads++;
      if (place.fails) throw new Error('no answer');
      return place.text;
    },
  });
  return { place, keys };
}

const UNAVAILABLE = { code: 'unavailable' };

describe('credential keys', () => {
  it('are read at the first use, and again after five minutes beside a use, and after ten in front of it', async () => {
    const { place, keys } = keysAt(documentOf(entry('k1', 1)));
    expect(place.reads).toBe(0);
    for (const now of [NOW, NOW, NOW + 299]) expect(await keys.mac('k1', 'text', now)).toEqual(macBy(1));
    expect(place.reads).toBe(1);
    place.text = documentOf(entry('k1', 9));
    expect(await keys.mac('k1', 'text', NOW + 300)).toEqual(macBy(1));
    await new Promise(setImmediate);
    expect(await keys.mac('k1', 'text', NOW + 301)).toEqual(macBy(9));
    expect(place.reads).toBe(2);
    place.text = documentOf(entry('k1', 5));
    expect(await keys.mac('k1', 'text', NOW + 900)).toEqual(macBy(5));
  });

  it('end with their document: when it was deleted, no key is used that was read from it ten minutes ago', async () => {
    const { place, keys } = keysAt(documentOf(entry('k1', 1)));
    await keys.current(NOW);
    place.text = undefined;
    await expect(keys.mac('k1', 'text', NOW + 600)).rejects.toMatchObject(UNAVAILABLE);
    await expect(keys.mac('k1', 'text', NOW + 601)).rejects.toMatchObject(UNAVAILABLE);
    place.text = documentOf(entry('k1', 9));
    expect(await keys.mac('k1', 'text', NOW + 611)).toEqual(macBy(9));
  });

  it('change at the second that the document says', async () => {
    const { keys } = keysAt(documentOf(entry('k2', 2, NOW + 50), entry('k1', 1, 0, NOW + 9000)));
    expect(await keys.current(NOW + 49)).toBe('k1');
    expect(await keys.mac('k2', 'text', NOW + 49)).toEqual(macBy(2));
    expect(await keys.current(NOW + 50)).toBe('k2');
    expect(await keys.mac('k1', 'text', NOW + 8999)).toEqual(macBy(1));
    expect(await keys.mac('k1', 'text', NOW + 9000)).toBeUndefined();
  });

  it('are read again for an unknown name, at most once in ten seconds', async () => {
    const { place, keys } = keysAt(documentOf(entry('k1', 1)));
    await keys.current(NOW);
    place.text = documentOf(entry('k2', 2, NOW + 500), entry('k1', 1));
    expect(await keys.mac('k2', 'text', NOW + 9)).toBeUndefined();
    expect(place.reads).toBe(1);
    expect(await keys.mac('k2', 'text', NOW + 10)).toEqual(macBy(2));
    for (let now = NOW + 10; now < NOW + 40; now++) expect(await keys.mac('k9', 'text', now)).toBeUndefined();
    expect(place.reads).toBe(2 + 2);
  });

  it('are read once for calls at the same time', async () => {
    const { place, keys } = keysAt(documentOf(entry('k1', 1)));
    await Promise.all(Array.from({ length: 20 }, () => keys.mac('k1', 'text', NOW)));
    expect(place.reads).toBe(1);
  });

  it('are used for twenty minutes while they cannot be read; an unknown name is then unavailable, not refused', async () => {
    const { place, keys } = keysAt(documentOf(entry('k1', 1)));
    await keys.current(NOW);
    place.fails = true;
    for (let now = NOW; now < NOW + 1200; now++) expect(await keys.mac('k1', 'text', now)).toEqual(macBy(1));
    expect(place.reads).toBe(1 + 90);
    await expect(keys.mac('k2', 'text', NOW + 1195)).rejects.toMatchObject(UNAVAILABLE);
    await expect(keys.mac('k1', 'text', NOW + 1200)).rejects.toMatchObject(UNAVAILABLE);
    await expect(keys.current(NOW + 1200)).rejects.toMatchObject(UNAVAILABLE);
    place.fails = false;
    expect(await keys.current(NOW + 1200)).toBe('k1');
  });

  it.each([
    ['are missing', undefined],
    ['are no JSON', 'SENTINEL'],
    ['are none', documentOf()],
    ['are none in use', documentOf(entry('k1', 1, null))],
    ['are to come', documentOf(entry('k1', 1, NOW + 1))],
    ['are over', documentOf(entry('k1', 1, 0, NOW))],
    ['have a name that no credential can hold', documentOf(entry('K-1', 1))],
    ['have a name twice', documentOf(entry('k1', 1), entry('k1', 2))],
    ['have no times', documentOf({ name: 'k1', key: KEY(1) })],
    ['have an odd time', documentOf(entry('k1', 1, 0.5))],
    ['have a short key', documentOf({ ...entry('k1', 1), key: 'AAAA' })],
    ['have another version', JSON.stringify({ version: 2, keys: [entry('k1', 1)] })],
    ['have a member too many', JSON.stringify({ version: 1, keys: [entry('k1', 1)], more: 'SENTINEL' })],
    ['are null', 'null'],
  ])('that %s are unavailable', async (_, text) => {
    const { keys } = keysAt(text);
    const error = await keys.current(NOW).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject(UNAVAILABLE);
    const { cause } = error as Error;
    expect(`${String(error)} ${String(cause)}`).not.toMatch(/SENTINEL|AQEBAQEB|AAAA/);
  });

  it('are read from the file of an earlier version, which names the current one', async () => {
    const { keys } = keysAt(JSON.stringify({ current: 'k2', keys: { k1: KEY(1), k2: KEY(2) } }));
    expect(await keys.current(NOW)).toBe('k2');
    expect(await keys.mac('k1', 'text', NOW)).toEqual(macBy(1));
    expect(await keys.mac('toString', 'text', NOW + 10)).toBeUndefined();
  });
});
