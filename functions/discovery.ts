/** The public documents: keys, certificates, metadata, and the description of the API. */
import { discoveryOperations } from '../lib/api/discovery.ts';
import { openApiOperations } from '../lib/api/openapi.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { composeDiscovery } from '../lib/compose/discovery.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { ports, chain } = composeDiscovery();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.discovery,
  operations: { ...discoveryOperations(ports), ...openApiOperations(ports.issuer) },
});
