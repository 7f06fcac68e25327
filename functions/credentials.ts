/** Vends short-lived credentials, and revokes secrets. */
import { createCredentials } from '../lib/compose/credentials.ts';
import { processWorld } from '../lib/compose/world.ts';

const world = processWorld();
export const handler = createCredentials(world);
await world.prepared();
