/** The credentials function: vends credentials, and shows holders their token. */
import { credentialHandlers } from '../api/credentials.ts';
import { readTable, withHealth } from '../api/health.ts';
import { holderHandlers } from '../api/held-token.ts';
import { ROUTES } from '../api/routes.ts';
import { toSeconds } from '../domain/time.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { failureLimiter, rateLimiter } from '../limits/rate-limiter.ts';
import { nonceStore } from '../store/expiring-stores.ts';
import { authenticateVend } from '../usecases/authenticate.ts';
import { authenticateHolder } from '../usecases/holder.ts';
import { VENDS_PER_MINUTE } from '../usecases/vend-credential.ts';
import { IAM_SETTINGS, openIam, openPrincipal, PRINCIPAL_SETTINGS } from './authentication.ts';
import { openParts, type World } from './parts.ts';
import { openJournaling, openTable, openTableGuard, TABLE_SETTINGS } from './resources.ts';

const SETTINGS = [
  'services',
  'rulesCeiling',
  ...IAM_SETTINGS,
  ...PRINCIPAL_SETTINGS,
  ...TABLE_SETTINGS,
] as const;

/** Vending reads as a login does, and writes only that a token or a proof was used. */
export function createCredentials(world: World): HttpHandler {
  const parts = openParts(world, SETTINGS);
  const journal = openJournaling(parts);
  const principal = openPrincipal(parts);
  const { credentialKeys } = principal;
  const nonces = journal.nonces(nonceStore({ table: openTable(parts), randomBytes: parts.randomBytes }));
  const failures = failureLimiter(parts.config.failuresPerMinute);
  const authentication = { ...principal, ...openIam(parts, failures), nonces, clock: parts.clock };
  const { services, rulesCeiling: ceiling } = parts.config;
  const vends = rateLimiter(VENDS_PER_MINUTE).take;
  const ready = openTableGuard(parts);
  world.prepare?.(ready, () => credentialKeys.current(toSeconds(parts.clock())));
  const handler = httpHandler({
    ...parts,
    failures,
    authenticate: {
      vend: credentials => authenticateVend(authentication, credentials),
      holder: credentials => authenticateHolder(authentication, credentials),
    },
    ready,
    routes: ROUTES.credentials,
    handlers: {
      ...credentialHandlers({ ...parts, vending: { ...parts, ...principal, ceiling, vends }, services }),
      ...holderHandlers(parts),
    },
  });
  return withHealth(handler, {
    table: ready,
    records: () => readTable(principal.store),
    'credential key': () => credentialKeys.current(toSeconds(parts.clock())),
  });
}
