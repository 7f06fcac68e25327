/** Rotates the ring of a service: adds keys that are due, removes keys that are no longer needed. */

import type { KeyObject } from 'node:crypto';
import {
  currentKey,
  LONGEST_TOKEN_SECONDS,
  nextLeafStart,
  publishedKeys,
  withoutFuture,
} from '../domain/key-ring.ts';
import type { HeaderProfile, Service } from '../domain/service.ts';
import type { RingReport, RingRotation } from '../ports/keys.ts';
import { CACHE_SECONDS, type KeyStore, type KeyTransaction } from './key-store.ts';
import { newPrivateKey, publicJwk, thumbprint, toPem, writeDocument } from './keys.ts';
import { publicText } from './publication.ts';
import { fits, type KeyDocument, type RingDocument, readRingDocument } from './ring.ts';
import { hasCertified, hasRoot, maintainRoot, type Root, replaceRoot } from './root.ts';

/**
 * Creates a missing ring, adds the next leaf when it is due (x5c) or the one published successor (kid), and removes keys
 * that are no longer needed. A ring whose profile or algorithm is not the configured one is replaced. Throws, without a
 * change, when a stored document cannot be read.
 */
export function maintainRing(service: Service, store: KeyStore, now: number): Promise<RingReport> {
  return update('maintain', store, { service, now });
}

/**
 * Brings a new key into use at once: a new leaf (x5c), or the published successor (kid), which then gets a successor of
 * its own. Other processes follow when they read the ring again: within a minute, or ten for x5c on AWS.
 */
export function activateKey(service: Service, store: KeyStore, now: number): Promise<RingReport> {
  return update('rotate', store, { service, now });
}

/**
 * Replaces all keys, after a theft: a new root and leaf (x5c), or new keys (kid); the old ones are no longer published.
 * Until a registry has the new bundle or key set it refuses every access token, afterwards those of the old keys.
 */
export function replaceKeys(service: Service, store: KeyStore, now: number): Promise<RingReport> {
  return update('replace', store, { service, now });
}

/** Rotates the rings in a key store. */
export function ringRotation(store: KeyStore): RingRotation {
  return {
    maintain: (service, now) => maintainRing(service, store, now),
    activate: (service, now) => activateKey(service, store, now),
    replace: (service, now) => replaceKeys(service, store, now),
  };
}

/**
 * A key is published before it is in the ring, and until after it has left the ring. A process that ends between two of
 * the writes therefore leaves a ring whose keys are all published, and the next maintenance completes the change.
 */
function update(
  act: Act,
  store: KeyStore,
  { service, now }: Omit<RotationContext, 'keys'>,
): Promise<RingReport> {
  return store.transaction(service.name, async keys => {
    const stored = await keys.read('ring.json');
    const before = stored === undefined ? [] : neededKeys(stored, service, now);
    const outcome = await ROTATION[service.profile][act](before, { service, keys, now });
    const roots = outcome.root?.certificates ?? [];
    const removed = before.filter(({ kid }) => outcome.keys.every(key => key.kid !== kid));
    await writeIfChanged(keys, 'public.json', publicText(service, [...outcome.keys, ...removed], roots));
    await writeIfChanged(keys, 'ring.json', writeDocument(ringDocument(service, outcome.keys)));
    await writeIfChanged(keys, 'public.json', publicText(service, outcome.keys, roots));
    return report({ service, now }, before, outcome);
  });
}

function neededKeys(text: string, service: Service, now: number): KeyDocument[] {
  const document = readRingDocument(text, service.name);
  return fits(document, service) ? publishedKeys(document.keys, now) : [];
}

async function writeIfChanged(
  keys: KeyTransaction,
  file: 'public.json' | 'ring.json',
  text: string,
): Promise<void> {
  if ((await keys.read(file)) !== text) await keys.write(file, text);
}

function ringDocument(
  { name, profile, algorithm }: Service,
  keys: readonly KeyDocument[],
): Omit<RingDocument, 'keys'> & { readonly keys: readonly KeyDocument[] } {
  return { version: 1, service: name, profile, algorithm, keys };
}

function report(
  { service, now }: Omit<RotationContext, 'keys'>,
  before: readonly KeyDocument[],
  { keys, root }: Outcome,
): RingReport {
  const namesOnlyIn = (all: readonly KeyDocument[], others: readonly KeyDocument[]) =>
    all.map(({ kid }) => kid).filter(kid => others.every(other => other.kid !== kid));
  const current = currentKey(keys, now);
  return {
    service: service.name,
    signs: current?.kid ?? null,
    added: namesOnlyIn(keys, before),
    removed: namesOnlyIn(before, keys),
    keyEndsAt: root === null ? null : (current?.dropAfter ?? null),
    rootEndsAt: root?.endsAt ?? null,
  };
}

interface RotationContext {
  readonly service: Service;
  readonly keys: KeyTransaction;
  readonly now: number;
}

/** The keys that a ring is to have. */
interface Outcome {
  /** Newest first. */
  readonly keys: readonly KeyDocument[];
  /** null in the profile without certificates. */
  readonly root: Root | null;
}

type Act = 'maintain' | 'rotate' | 'replace';

/** How the rings of one profile change. Each function gets the keys that are still needed. */
type ProfileRotation = Record<
  Act,
  (keys: readonly KeyDocument[], context: RotationContext) => Promise<Outcome>
>;

/**
 * Leaves rotate by themselves, because registries trust their root. A leaf that the root has not certified is removed: it
 * is left over from a replacement that began with a new root and did not finish.
 */
const certifiedRotation: ProfileRotation = {
  async maintain(keys, context) {
    const root = await rootFor(keys, context);
    const own = withoutFuture(keys, context.now).filter(key => isCertifiedBy(root, key));
    const start = nextLeafStart(own, context.now);
    return { root, keys: start === undefined ? own : [await newLeaf(root, context.service, start), ...own] };
  },
  async rotate(keys, context) {
    const root = await rootFor(keys, context);
    const started = keys.filter(
      key => key.useFrom !== null && key.useFrom <= context.now && isCertifiedBy(root, key),
    );
    return { root, keys: [await newLeaf(root, context.service, context.now), ...started] };
  },
  async replace(_, { service, keys, now }) {
    const root = await replaceRoot(keys, service.name, now);
    return { root, keys: [await newLeaf(root, service, now)] };
  },
};

/** One key signs. Its successor is published and waits until the operator knows that every registry has read it. */
const namedRotation: ProfileRotation = {
  async maintain(keys, context) {
    return currentKey(keys, context.now) === undefined
      ? namedRotation.rotate(keys, context)
      : { root: null, keys: await withSuccessor(keys, context.service) };
  },
  async rotate(keys, { service, now }) {
    const active = activated(await withSuccessor(keys, service), now);
    return { root: null, keys: await withSuccessor(active, service) };
  },
  replace: (_, context) => namedRotation.rotate([], context),
};

const ROTATION: Record<HeaderProfile, ProfileRotation> = { x5c: certifiedRotation, kid: namedRotation };

/** No registry would trust a new root in place of a lost one, so only the operator may replace it. */
async function rootFor(documents: readonly KeyDocument[], context: RotationContext): Promise<Root> {
  const { service, keys, now } = context;
  if (documents.length > 0 && !(await hasRoot(keys, service.name))) {
    throw new Error(
      `the root of ${service.name}: missing; restore root.json, or replace the keys and give the registry the new bundle`,
    );
  }
  return maintainRoot(keys, service.name, now);
}

function isCertifiedBy(root: Root, { certificates }: KeyDocument): boolean {
  return certificates.every(leaf => hasCertified(root, leaf));
}

async function newLeaf({ authority }: Root, { algorithm }: Service, start: number): Promise<KeyDocument> {
  const privateKey = await newPrivateKey(algorithm);
  const { certifyLeaf } = await import('./certificates.ts');
  const { certificate, endsAt } = await certifyLeaf(authority, privateKey, start);
  const certificates = [Buffer.from(certificate).toString('base64')];
  return keyDocument(privateKey, { useFrom: start, dropAfter: endsAt, certificates });
}

async function withSuccessor(
  keys: readonly KeyDocument[],
  { algorithm }: Service,
): Promise<readonly KeyDocument[]> {
  if (keys.some(({ useFrom }) => useFrom === null)) return keys;
  const successor = { useFrom: null, dropAfter: null, certificates: [] };
  return [keyDocument(await newPrivateKey(algorithm), successor), ...keys];
}

/** The successor signs from `now` on; the former keys stay for as long as their tokens may be accepted. */
function activated(keys: readonly KeyDocument[], now: number): KeyDocument[] {
  const dropAfter = now + CACHE_SECONDS + LONGEST_TOKEN_SECONDS;
  return keys.map(key =>
    key.useFrom === null ? { ...key, useFrom: now } : { ...key, dropAfter: key.dropAfter ?? dropAfter },
  );
}

function keyDocument(
  privateKey: KeyObject,
  { useFrom, dropAfter, certificates }: Pick<KeyDocument, 'useFrom' | 'dropAfter' | 'certificates'>,
): KeyDocument {
  const kid = thumbprint(publicJwk(privateKey));
  return { kid, useFrom, dropAfter, privateKey: toPem(privateKey), certificates };
}
