/** Rotates keys: called by a schedule, by each deployment and by the operator; answers what was done. */
import { createKeys } from '../lib/compose/keys.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createKeys(processWorld());
