/** Tries over the public URL what must work and what must be refused; called by a schedule. */
import { createProber } from '../lib/compose/prober.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createProber(processWorld());
