/** Keeps the ring of a service alive: run every minute, and whenever the operator wants a new key. */
import { publishedKeys } from '../domain/key-ring.ts';
import type { Service } from '../domain/service.ts';
import { writeDocument } from './document.ts';
import type { KeyDirectory } from './key-directory.ts';
import { fits, type KeyDocument, type RingDocument, readRingDocument } from './ring.ts';
import { type Ground, UPKEEP } from './upkeep.ts';

/**
 * Makes what is missing, adds the next leaf when it is due (x5c) or the one published successor (kid), and drops
 * keys that nobody needs any more. A ring of another profile or algorithm than the configuration's is made anew.
 * Changes nothing when nothing is due. Throws when what is stored cannot be read, and then touches nothing.
 */
export function maintainRing(service: Service, directory: KeyDirectory, now: number): Promise<void> {
  return update('maintain', { service, directory, now });
}

/**
 * Brings a new key into use at once: a new leaf (x5c), or the published successor (kid), whose place is then taken by
 * a new one. Other processes follow within the minute that they keep a ring.
 */
export function rotateNow(service: Service, directory: KeyDirectory, now: number): Promise<void> {
  return update('rotate', { service, directory, now });
}

function update(verb: 'maintain' | 'rotate', ground: Ground): Promise<void> {
  const { service, directory, now } = ground;
  return directory.exclusively(service.name, async () => {
    const before = await directory.read(service.name, 'ring.json');
    const needed = before === undefined ? [] : neededKeys(before, service, now);
    const keys = await UPKEEP[service.profile][verb](needed, ground);
    const after = writeDocument(ringDocument(service, keys));
    if (after !== before) await directory.write(service.name, 'ring.json', after);
  });
}

function neededKeys(text: string, service: Service, now: number): KeyDocument[] {
  const document = readRingDocument(text, service.name);
  return fits(document, service) ? publishedKeys(document.keys, now) : [];
}

function ringDocument({ name, profile, algorithm }: Service, keys: KeyDocument[]): RingDocument {
  return { version: 1, service: name, profile, algorithm, keys };
}
