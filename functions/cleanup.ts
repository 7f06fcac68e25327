/** Removes what has expired, and reports once a day what operators should look at; called by schedules. */
import { createCleanup } from '../lib/compose/cleanup.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createCleanup(processWorld());
