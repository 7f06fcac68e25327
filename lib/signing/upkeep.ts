/** How the keys of a ring come and go: one way for each header profile. */
import type { KeyObject } from 'node:crypto';
import { currentKey, LONGEST_TOKEN_SECONDS, nextLeafStart } from '../domain/key-ring.ts';
import type { HeaderProfile, Service } from '../domain/service.ts';
import { type Authority, certifyLeaf } from './certificates.ts';
import { publicJwk, thumbprint } from './jwk.ts';
import type { KeyDirectory } from './key-directory.ts';
import { newPrivateKey, toPem } from './private-key.ts';
import type { KeyDocument } from './ring.ts';
import { RING_KEPT_SECONDS } from './rings.ts';
import { maintainRoot, readRoot } from './root.ts';

export interface Ground {
  readonly service: Service;
  readonly directory: KeyDirectory;
  readonly now: number;
}

/** Both take the keys that are still needed and answer those that the ring shall have, newest first. */
interface Upkeep {
  maintain(keys: KeyDocument[], ground: Ground): Promise<KeyDocument[]>;
  rotate(keys: KeyDocument[], ground: Ground): Promise<KeyDocument[]>;
}

/** Leaves follow each other by themselves: registries trust their root. */
const certified: Upkeep = {
  async maintain(keys, ground) {
    const root = await rootFor(keys, ground);
    const start = nextLeafStart(keys, ground.now);
    return start === undefined ? keys : [await newLeaf(root, ground.service, start), ...keys];
  },
  async rotate(keys, ground) {
    const root = await rootFor(keys, ground);
    const started = keys.filter(({ useFrom }) => useFrom !== null && useFrom <= ground.now);
    return [await newLeaf(root, ground.service, ground.now), ...started];
  },
};

/** One key signs and one waits, published, until the operator knows that every registry has read it. */
const named: Upkeep = {
  async maintain(keys, ground) {
    return currentKey(keys, ground.now) === undefined
      ? named.rotate(keys, ground)
      : withSuccessor(keys, ground.service);
  },
  async rotate(keys, { service, now }) {
    return withSuccessor(activated(await withSuccessor(keys, service), now), service);
  },
};

export const UPKEEP: Record<HeaderProfile, Upkeep> = { x5c: certified, kid: named };

/** A new root in place of a lost one would be trusted by no registry, so nobody but the operator may start over. */
async function rootFor(keys: KeyDocument[], { service, directory, now }: Ground): Promise<Authority> {
  if (keys.length > 0 && (await readRoot(directory, service.name)) === undefined) {
    throw new Error(
      `the root of ${service.name}: missing; restore root.json, or remove ring.json too and give the registry the new bundle`,
    );
  }
  return maintainRoot(directory, service.name, now);
}

async function newLeaf(root: Authority, { algorithm }: Service, start: number): Promise<KeyDocument> {
  const privateKey = await newPrivateKey(algorithm);
  const { certificate, endsAt } = await certifyLeaf(root, privateKey, start);
  const certificates = [Buffer.from(certificate).toString('base64')];
  return keyDocument(privateKey, { useFrom: start, dropAfter: endsAt, certificates });
}

async function withSuccessor(keys: KeyDocument[], { algorithm }: Service): Promise<KeyDocument[]> {
  if (keys.some(({ useFrom }) => useFrom === null)) return keys;
  const successor = { useFrom: null, dropAfter: null, certificates: [] };
  return [keyDocument(await newPrivateKey(algorithm), successor), ...keys];
}

/** The successor signs from `now` on; its predecessors stay for as long as a token of theirs may be accepted. */
function activated(keys: KeyDocument[], now: number): KeyDocument[] {
  const dropAfter = now + RING_KEPT_SECONDS + LONGEST_TOKEN_SECONDS;
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
