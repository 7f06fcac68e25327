/** The public documents: keys, certificates, metadata, and the description of the API. */
import { createDiscovery } from '../lib/compose/discovery.ts';
import { processWorld } from '../lib/compose/world.ts';

const world = processWorld();
export const handler = createDiscovery(world);
await world.prepared();
