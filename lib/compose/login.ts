/** The login function: the login endpoint and its health check. */

import { healthHandlers, probe, withHealth } from '../api/health.ts';
import { loginHandlers } from '../api/login.ts';
import { ROUTES } from '../api/routes.ts';
import { toSeconds } from '../domain/time.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { failureLimiter, rateLimiter } from '../limits/rate-limiter.ts';
import { cachedRings } from '../signing/ring.ts';
import { accessTokenSigner } from '../signing/signer.ts';
import { refusalStore } from '../store/refusal-store.ts';
import { authenticateLogin } from '../usecases/authenticate.ts';
import { REFUSALS_PER_MINUTE, type RecordRefusal, refusalRecorder } from '../usecases/refusals.ts';
import { VENDS_PER_MINUTE } from '../usecases/vend-credential.ts';
import { IAM_SETTINGS, openIam, openPrincipal, PRINCIPAL_SETTINGS } from './authentication.ts';
import { openParts, type Parts, type World } from './parts.ts';
import { openKeyStore, openTable, openTableGuard, TABLE_SETTINGS } from './resources.ts';

const SETTINGS = [
  'services',
  'keys',
  'rulesCeiling',
  ...IAM_SETTINGS,
  ...PRINCIPAL_SETTINGS,
  ...TABLE_SETTINGS,
] as const;

/** Services whose rings are read at the start: an instance of a large deployment serves few of its many. */
const PREPARED = 8;

export function createLogin(world: World): HttpHandler {
  const parts = openParts(world, SETTINGS);
  const { services, url: issuer, rulesCeiling: ceiling } = parts.config;
  const rings = cachedRings(openKeyStore(parts));
  const signer = accessTokenSigner({ services, rings });
  const principal = openPrincipal(parts);
  const failures = failureLimiter(parts.config.failuresPerMinute);
  const authentication = { ...principal, ...openIam(parts, failures), clock: parts.clock };
  const { store, credentialKeys } = principal;
  const vends = rateLimiter(VENDS_PER_MINUTE).take;
  const ports = { ...parts, store, credentialKeys, ceiling, signer, issuer, vends };
  const ready = openTableGuard(parts);
  const now = () => toSeconds(parts.clock());
  const few = services.slice(0, PREPARED);
  world.prepare?.(
    ready,
    () => credentialKeys.current(now()),
    ...few.map(service => () => rings(service, now())),
    // It reads and signs as a login does.
    () => probe(ports, few),
  );
  const handler = httpHandler({
    ...parts,
    failures,
    authenticate: {
      login: (credentials, context) => authenticateLogin(authentication, credentials, context),
    },
    recordRefusal: openRefusals(parts),
    ready,
    routes: ROUTES.login,
    handlers: {
      ...loginHandlers({ ...parts, ports, services }),
      ...healthHandlers(ports, services),
    },
  });
  return withHealth(handler, {
    table: ready,
    logins: () => probe(ports, services),
    'credential key': () => credentialKeys.current(toSeconds(parts.clock())),
  });
}

/** Stores refused logins for the administrators who ask about them. */
function openRefusals(parts: Parts<'table'>): RecordRefusal {
  return refusalRecorder({
    refusals: refusalStore({ table: openTable(parts) }),
    perAccount: rateLimiter(REFUSALS_PER_MINUTE.account).take,
    perInstance: rateLimiter(REFUSALS_PER_MINUTE.instance).take,
    clock: parts.clock,
    waits: parts.refusalWaits,
  });
}
