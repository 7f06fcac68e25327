/** The rings that sign. */
import { type Cached, cached } from './kept.ts';
import type { KeyReader } from './key-directory.ts';
import { type Ring, readRing } from './ring.ts';

/** The ring of a service. */
export type Rings = Cached<Ring>;

export function cachedRings(keys: KeyReader): Rings {
  return cached({ keys, file: 'ring.json', parse: readRing });
}
