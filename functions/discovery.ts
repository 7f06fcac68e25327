import { discoveryHandlers, openApiHandlers } from '../lib/api/discovery.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { composeDiscovery } from '../lib/compose/discovery.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { ports, chain } = composeDiscovery();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.discovery,
  handlers: { ...discoveryHandlers(ports), ...openApiHandlers(ports.issuer) },
});
