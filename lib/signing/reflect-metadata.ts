/**
 * `Reflect` with metadata, without which a library below @peculiar/x509 (tsyringe) refuses to load. Import this
 * first. What others have already put there stays.
 */
const kept = new WeakMap<object, Map<unknown, unknown>>();

function getOwnMetadata(key: unknown, target: object): unknown {
  return kept.get(target)?.get(key);
}

function defineMetadata(key: unknown, value: unknown, target: object): void {
  const metadata = kept.get(target) ?? new Map<unknown, unknown>();
  metadata.set(key, value);
  kept.set(target, metadata);
}

if (!('getMetadata' in Reflect)) {
  Object.assign(Reflect, { getMetadata: getOwnMetadata, getOwnMetadata, defineMetadata });
}
