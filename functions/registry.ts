/** Pulls from registries that do not trust this deployment, for those who have an access token. */
import { createRegistry } from '../lib/compose/registry.ts';
import { processWorld } from '../lib/compose/world.ts';

const world = processWorld();
export const handler = createRegistry(world);
await world.prepared();
