/** The rings that sign. */
import { type Kept, kept } from './kept.ts';
import type { KeyReader } from './key-directory.ts';
import { type Ring, readRing } from './ring.ts';

/** The ring of a service. */
export type Rings = Kept<Ring>;

export function cachedRings(keys: KeyReader): Rings {
  return kept({ keys, file: 'ring.json', parse: readRing });
}
