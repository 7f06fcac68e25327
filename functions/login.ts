/** Logs registry clients in, and answers the health check. */
import { createLogin } from '../lib/compose/login.ts';
import { processWorld } from '../lib/compose/world.ts';

const world = processWorld();
export const handler = createLogin(world);
await world.prepared();
