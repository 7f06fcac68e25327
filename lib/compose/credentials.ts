/** The credentials function: vends credentials, and revokes secrets. */
import { credentialHandlers } from '../api/credentials.ts';
import { ROUTES } from '../api/routes.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { nonceStore, revokedCredentialStore } from '../store/expiring-stores.ts';
import { tokenStore } from '../store/token-store.ts';
import { authenticateVend } from '../usecases/authenticate.ts';
import {
  IAM_SETTINGS,
  openFailureLimiter,
  openIam,
  openPrincipal,
  PRINCIPAL_SETTINGS,
} from './authentication.ts';
import { openParts, type World } from './parts.ts';
import { openJournaling, openTableGuard, TABLE_SETTINGS } from './resources.ts';
import { openAudit, openSdkTable } from './sdk-table.ts';

const SETTINGS = [
  'services',
  'auditDays',
  ...IAM_SETTINGS,
  ...PRINCIPAL_SETTINGS,
  ...TABLE_SETTINGS,
] as const;

/** Vending reads as a login does; what is written is rare, and written by the SDK. */
export function createCredentials(world: World): HttpHandler {
  const parts = openParts(world, SETTINGS);
  const table = openSdkTable(parts);
  const journal = openJournaling(parts);
  const principal = openPrincipal(parts);
  const { store, credentialKeys } = principal;
  const nonces = journal.nonces(nonceStore(table));
  const failures = openFailureLimiter(parts);
  const authentication = { ...principal, ...openIam(parts, failures), nonces, clock: parts.clock };
  const revoking = {
    store,
    credentialKeys,
    tokens: journal.tokens(tokenStore(table)),
    revokedCredentials: journal.revokedCredentials(revokedCredentialStore(table)),
    audit: openAudit(parts, table),
    clock: parts.clock,
  };
  const { services } = parts.config;
  return httpHandler({
    ...parts,
    failures,
    authenticate: { vend: credentials => authenticateVend(authentication, credentials) },
    ready: openTableGuard(parts),
    routes: ROUTES.credentials,
    handlers: credentialHandlers({ ...parts, vending: { ...parts, credentialKeys }, revoking, services }),
  });
}
