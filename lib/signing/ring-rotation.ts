/** Rotates the ring of a service: adds what is due, drops what nothing needs. */

import type { KeyObject } from 'node:crypto';
import { currentKey, LONGEST_TOKEN_SECONDS, nextLeafStart, publishedKeys } from '../domain/key-ring.ts';
import type { HeaderProfile, Service } from '../domain/service.ts';
import type { RingReport, RingRotation } from '../ports/keys.ts';
import { CACHE_SECONDS } from './cached.ts';
import { certifyLeaf } from './certificates.ts';
import { writeDocument } from './document.ts';
import type { KeyStore, KeyTransaction } from './key-store.ts';
import { newPrivateKey, publicJwk, thumbprint, toPem } from './keys.ts';
import { publicText } from './publication.ts';
import { fits, type KeyDocument, type RingDocument, readRingDocument } from './ring.ts';
import { hasCertified, hasRoot, maintainRoot, type Root, replaceRoot } from './root.ts';

/**
 * Makes what is missing, adds the next leaf when it is due (x5c) or the one published successor (kid), and drops
 * keys that nobody needs any more. A ring of another profile or algorithm than the configuration's is made anew.
 * Changes nothing when nothing is due. Throws when what is stored cannot be read, and then touches nothing.
 */
export function maintainRing(service: Service, directory: KeyStore, now: number): Promise<RingReport> {
  return update('maintain', directory, { service, now });
}

/**
 * Brings a new key into use at once: a new leaf (x5c), or the published successor (kid), whose place is then taken by
 * a new one. Other processes follow within the minute that they keep a ring.
 */
export function rotateNow(service: Service, directory: KeyStore, now: number): Promise<RingReport> {
  return update('rotate', directory, { service, now });
}

/**
 * A new root and a new leaf (x5c), or new keys (kid), in place of all others, which are published no more. Until the
 * registry has the new bundle or key set, it refuses every access token; from then on it refuses those of stolen keys.
 */
export function replaceKeys(service: Service, directory: KeyStore, now: number): Promise<RingReport> {
  return update('replace', directory, { service, now });
}

/** The upkeep of the rings in a directory. */
export function ringRotation(directory: KeyStore): RingRotation {
  return {
    maintain: (service, now) => maintainRing(service, directory, now),
    activate: (service, now) => rotateNow(service, directory, now),
    replace: (service, now) => replaceKeys(service, directory, now),
  };
}

interface Moment {
  readonly service: Service;
  readonly now: number;
}

/**
 * Whoever is ended between two of the writes leaves a ring whose keys are all published, and the next maintenance does the
 * rest: a key is published before the ring has it, and published no more after the ring has lost it.
 */
function update(verb: Verb, directory: KeyStore, { service, now }: Moment): Promise<RingReport> {
  return directory.transaction(service.name, async keys => {
    const stored = await keys.read('ring.json');
    const before = stored === undefined ? [] : neededKeys(stored, service, now);
    const outcome = await ROTATION[service.profile][verb](before, { service, keys, now });
    const roots = outcome.root?.certificates ?? [];
    const leaving = before.filter(({ kid }) => outcome.keys.every(key => key.kid !== kid));
    await writeIfOther(keys, 'public.json', publicText(service, [...outcome.keys, ...leaving], roots));
    await writeIfOther(keys, 'ring.json', writeDocument(ringDocument(service, outcome.keys)));
    await writeIfOther(keys, 'public.json', publicText(service, outcome.keys, roots));
    return report({ service, now }, before, outcome);
  });
}

function neededKeys(text: string, service: Service, now: number): KeyDocument[] {
  const document = readRingDocument(text, service.name);
  return fits(document, service) ? publishedKeys(document.keys, now) : [];
}

async function writeIfOther(
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
  { service, now }: Moment,
  before: readonly KeyDocument[],
  { keys, root }: Outcome,
): RingReport {
  const without = (all: readonly KeyDocument[], others: readonly KeyDocument[]) =>
    all.map(({ kid }) => kid).filter(kid => others.every(other => other.kid !== kid));
  const current = currentKey(keys, now);
  return {
    service: service.name,
    signs: current?.kid ?? null,
    added: without(keys, before),
    removed: without(before, keys),
    keyEndsAt: root === null ? null : (current?.dropAfter ?? null),
    rootEndsAt: root?.endsAt ?? null,
  };
}

export interface RotationContext {
  readonly service: Service;
  readonly keys: KeyTransaction;
  readonly now: number;
}

/** What a ring shall be. */
export interface Outcome {
  /** Newest first. */
  readonly keys: readonly KeyDocument[];
  /** null in the profile without certificates. */
  readonly root: Root | null;
}

export type Verb = 'maintain' | 'rotate' | 'replace';

/** Each takes the keys that are still needed. */
type Upkeep = Record<Verb, (keys: readonly KeyDocument[], ground: RotationContext) => Promise<Outcome>>;

/**
 * Leaves follow each other by themselves: registries trust their root. Those that the root has not certified go: a
 * replacement has begun with a new root, and whoever was ended in its midst is followed by maintenance that completes it.
 */
const certified: Upkeep = {
  async maintain(keys, ground) {
    const root = await rootFor(keys, ground);
    const own = keys.filter(key => isCertifiedBy(root, key));
    const start = nextLeafStart(own, ground.now);
    return { root, keys: start === undefined ? own : [await newLeaf(root, ground.service, start), ...own] };
  },
  async rotate(keys, ground) {
    const root = await rootFor(keys, ground);
    const started = keys.filter(
      key => key.useFrom !== null && key.useFrom <= ground.now && isCertifiedBy(root, key),
    );
    return { root, keys: [await newLeaf(root, ground.service, ground.now), ...started] };
  },
  async replace(_, { service, keys, now }) {
    const root = await replaceRoot(keys, service.name, now);
    return { root, keys: [await newLeaf(root, service, now)] };
  },
};

/** One key signs and one waits, published, until the operator knows that every registry has read it. */
const named: Upkeep = {
  async maintain(keys, ground) {
    return currentKey(keys, ground.now) === undefined
      ? named.rotate(keys, ground)
      : { root: null, keys: await withSuccessor(keys, ground.service) };
  },
  async rotate(keys, { service, now }) {
    const active = activated(await withSuccessor(keys, service), now);
    return { root: null, keys: await withSuccessor(active, service) };
  },
  replace: (_, ground) => named.rotate([], ground),
};

export const ROTATION: Record<HeaderProfile, Upkeep> = { x5c: certified, kid: named };

/** A new root in place of a lost one would be trusted by no registry, so nobody but the operator may start over. */
async function rootFor(documents: readonly KeyDocument[], ground: RotationContext): Promise<Root> {
  const { service, keys, now } = ground;
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

/** The successor signs from `now` on; its predecessors stay for as long as a token of theirs may be accepted. */
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
