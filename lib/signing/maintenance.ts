/** Keeps the ring of a service alive: run every hour or minute, and whenever the operator wants a new key. */
import { currentKey, publishedKeys } from '../domain/key-ring.ts';
import type { Service } from '../domain/service.ts';
import type { RingReport, RingRotation } from '../ports-keys.ts';
import { writeDocument } from './document.ts';
import type { KeyStore, KeyTransaction } from './key-directory.ts';
import { publicText } from './public-document.ts';
import { fits, type KeyDocument, type RingDocument, readRingDocument } from './ring.ts';
import { type Outcome, ROTATION, type Verb } from './upkeep.ts';

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
