/** Tokens, namespaces, policies and trusts, for administrators; and who the caller is. */
import { createManagement } from '../lib/compose/management.ts';
import { processWorld } from '../lib/compose/world.ts';

const world = processWorld();
export const handler = createManagement(world);
await world.prepared();
