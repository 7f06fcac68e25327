/** A change of keys may stop at any step: no key signs that is not published, and the next maintenance completes it. */
import { rm } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { publishedKeys } from '../../lib/domain/key-ring.ts';
import type { Service } from '../../lib/domain/service.ts';
import type { KeyStore } from '../../lib/signing/key-store.ts';
import { keyPublication, readPublicDocument } from '../../lib/signing/publication.ts';
import { cachedRings, readRingDocument } from '../../lib/signing/ring.ts';
import { activateKey, maintainRing, replaceKeys } from '../../lib/signing/ring-rotation.ts';
import { accessTokenSigner } from '../../lib/signing/signer.ts';
import { claimsFor, context, KID, NOW, temporaryDirectory, X5C } from './context.ts';
import { INTERRUPTIBLE, Killed } from './interruptible.ts';
import { verifyByChain, verifyByKeySet } from './verifiers.ts';

type Act = (service: Service, directory: KeyStore, now: number) => Promise<unknown>;

const [HOUR, DAY] = [3600, 86_400];
const LEAF_DUE = NOW + 7 * DAY - HOUR;

interface Scenario {
  readonly service: Service;
  /** What came before, and when. */
  readonly before: readonly [Act, number][];
  readonly act: Act;
  readonly at: number;
}

const SCENARIOS: Record<string, Scenario> = {
  'the first start, x5c': { service: X5C, before: [], act: maintainRing, at: NOW },
  'the first start, kid': { service: KID, before: [], act: maintainRing, at: NOW },
  'the next leaf': { service: X5C, before: [[maintainRing, NOW]], act: maintainRing, at: LEAF_DUE },
  'a leaf that is dropped': {
    service: X5C,
    before: [
      [maintainRing, NOW],
      [maintainRing, LEAF_DUE],
    ],
    act: maintainRing,
    at: NOW + 14 * DAY,
  },
  'a leaf at once, and one to come forgotten': {
    service: X5C,
    before: [
      [maintainRing, NOW],
      [maintainRing, LEAF_DUE],
    ],
    act: activateKey,
    at: LEAF_DUE + 60,
  },
  'the successor, kid': { service: KID, before: [[maintainRing, NOW]], act: activateKey, at: NOW + DAY },
  'another root': { service: X5C, before: [[maintainRing, NOW]], act: replaceKeys, at: NOW + DAY },
  'other keys, kid': { service: KID, before: [[maintainRing, NOW]], act: replaceKeys, at: NOW + DAY },
};

const PLACES = Object.entries(INTERRUPTIBLE).flatMap(([place, open]) =>
  Object.entries(SCENARIOS).map(([name, scenario]) => ({ place, open, name, ...scenario })),
);

/** Every key that the ring may sign with, now or later, is published. Answers whether there is a ring. */
async function expectAllPublished(directory: KeyStore, service: Service, now: number): Promise<boolean> {
  const ring = await directory.read(service.name, 'ring.json');
  if (ring === undefined) return false;
  const kids = publishedKeys(readRingDocument(ring, service.name).keys, now).map(({ kid }) => kid);
  const text = (await directory.read(service.name, 'public.json')) ?? '';
  const published = readPublicDocument(text, service).keys.map(({ jwk }) => jwk.kid);
  expect(published).toEqual(expect.arrayContaining(kids));
  const signer = accessTokenSigner({ services: [service], rings: cachedRings(directory) });
  const token = await signer.sign(claimsFor(service, now), now);
  const publication = keyPublication([service], directory);
  const expected = { audience: service.name, algorithm: service.algorithm, now };
  await verifyByKeySet(token, await publication.jwks(service.name, now), expected);
  return true;
}

describe.each(PLACES)('$name, in $place', ({ open, service, before, act, at }) => {
  it('may stop at any step', async () => {
    let steps = 0;
    for (let ended = true; ended; steps++) {
      const view = await open();
      for (const [earlier, time] of before) await earlier(service, view(), time);
      const hadRing = before.length > 0;
      ended = await act(service, view(steps), at).then(
        () => false,
        (error: unknown) => {
          expect(error).toBeInstanceOf(Killed);
          return true;
        },
      );
      expect(await expectAllPublished(view(), service, at)).toBe(hadRing || !ended);
      await maintainRing(service, view(), at + 1);
      expect(await expectAllPublished(view(), service, at + 1)).toBe(true);
      await expectExact(view(), service);
    }
    expect(steps).toBeGreaterThan(1);
  });
});

/** Nothing is published that the ring has not, and the bundle is that of the leaf that signs. */
async function expectExact(directory: KeyStore, service: Service): Promise<void> {
  const ring = readRingDocument((await directory.read(service.name, 'ring.json')) ?? '', service.name);
  const document = readPublicDocument((await directory.read(service.name, 'public.json')) ?? '', service);
  expect(document.keys.map(({ jwk }) => jwk.kid)).toEqual(ring.keys.map(({ kid }) => kid));
}

it('a replacement that stopped after its new root is completed by the next maintenance, whose bundle holds that root alone', async () => {
  const view = await INTERRUPTIBLE.files();
  await maintainRing(X5C, view(), NOW);
  const bundleOf = async () =>
    readPublicDocument((await view().read(X5C.name, 'public.json')) ?? '', X5C).bundle ?? '';
  const before = await bundleOf();
  await expect(replaceKeys(X5C, view(1), NOW + 60)).rejects.toThrow(Killed);
  const report = await maintainRing(X5C, view(), NOW + 120);
  expect([report.added.length, report.removed.length]).toEqual([1, 1]);
  const text = await bundleOf();
  expect(text).not.toBe(before);
  expect(text.match(/BEGIN CERTIFICATE/g)).toHaveLength(1);
  const signer = accessTokenSigner({ services: [X5C], rings: cachedRings(view()) });
  const token = await signer.sign(claimsFor(X5C, NOW + 120), NOW + 120);
  const bundle = { text, directory: await temporaryDirectory() };
  await verifyByChain(token, bundle, { audience: X5C.name, algorithm: 'ES256', now: NOW + 120 });
});

it('a key that is activated after a stopped replacement signs alone: leaves of the former root are gone', async () => {
  const view = await INTERRUPTIBLE.files();
  await maintainRing(X5C, view(), NOW);
  await expect(replaceKeys(X5C, view(1), NOW + 60)).rejects.toThrow(Killed);
  const report = await activateKey(X5C, view(), NOW + 120);
  expect([report.added.length, report.removed.length]).toEqual([1, 1]);
  await expectExact(view(), X5C);
});

it('the data directory of an earlier version, which has no public document, gets one at the next start', async () => {
  const { directory, pathOf, textOf } = await context([X5C]);
  await maintainRing(X5C, directory, NOW);
  const ring = await textOf(X5C, 'ring.json');
  await rm(pathOf(X5C, 'public.json'));
  await maintainRing(X5C, directory, NOW + 1);
  expect(await textOf(X5C, 'ring.json')).toBe(ring);
  await expectExact(directory, X5C);
});
