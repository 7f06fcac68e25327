import { credentialHandlers } from '../lib/api/credentials.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { composeCredentials } from '../lib/compose/credentials.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { chain, ...options } = composeCredentials();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.credentials,
  handlers: credentialHandlers({ ...options, log: chain.log, metrics: chain.metrics }),
});
