/** Answers where no other function does: 404 for an unknown path, 405 for an unknown method. */
import { createFallback } from '../lib/compose/fallback.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createFallback(processWorld());
