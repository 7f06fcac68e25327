/** How the keys of a ring come and go: one way for each header profile. */
import type { KeyObject } from 'node:crypto';
import { currentKey, LONGEST_TOKEN_SECONDS, nextLeafStart } from '../domain/key-ring.ts';
import type { HeaderProfile, Service } from '../domain/service.ts';
import { certifyLeaf } from './certificates.ts';
import { publicJwk, thumbprint } from './jwk.ts';
import { CACHE_SECONDS } from './kept.ts';
import type { KeyTransaction } from './key-directory.ts';
import { newPrivateKey, toPem } from './private-key.ts';
import type { KeyDocument } from './ring.ts';
import { hasCertified, hasRoot, maintainRoot, type Root, replaceRoot } from './root.ts';

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
