/** Logs registry clients in, and answers the health check. */
import { createLogin } from '../lib/compose/login.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createLogin(processWorld());
