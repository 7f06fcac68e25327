import { healthHandlers } from '../lib/api/health.ts';
import { loginHandlers } from '../lib/api/login.ts';
import { ROUTES } from '../lib/api/routes.ts';
import { composeLogin } from '../lib/compose/login.ts';
import { httpHandler } from '../lib/http/chain.ts';

const { ports, services, chain } = composeLogin();

export const handler = httpHandler({
  ...chain,
  routes: ROUTES.login,
  handlers: {
    ...loginHandlers({ ports, services, log: chain.log, metrics: chain.metrics }),
    ...healthHandlers(ports, services),
  },
});
