/** Vends short-lived credentials, and revokes secrets. */
import { createCredentials } from '../lib/compose/credentials.ts';
import { processWorld } from '../lib/compose/world.ts';

export const handler = createCredentials(processWorld());
