import { readConfig } from '../config/config.ts';
import { servicesOf } from '../config/services.ts';
import type { Service } from '../domain/service.ts';
import { proofStore } from '../store/nonce-store.ts';
import { endedStore } from '../store/revoked-store.ts';
import { tokenStore } from '../store/token-store.ts';
import { authenticateVend } from '../usecases/authenticate.ts';
import type { RevokePorts } from '../usecases/revoke.ts';
import type { VendPorts } from '../usecases/vend-credential.ts';
import { composeAudit } from './audit.ts';
import type { ChainParts } from './chain.ts';
import { composeClient } from './client.ts';
import { authenticatedChain, composeIam, IAM_SETTINGS } from './guarded-chain.ts';
import { composeTableGuard, TABLE_SETTINGS } from './identity.ts';
import { composeJournaling } from './ledger.ts';
import { composeMetrics } from './metrics.ts';
import { composePrincipal, PRINCIPAL_SETTINGS } from './standing.ts';
import { clock, randomBytes } from './system.ts';

const SETTINGS = [
  ...IAM_SETTINGS,
  ...PRINCIPAL_SETTINGS,
  ...TABLE_SETTINGS,
  'service',
  'services',
  'auditDays',
] as const;

export interface Credentials {
  readonly vending: VendPorts;
  readonly revoking: RevokePorts;
  readonly services: readonly Service[];
  readonly chain: ChainParts;
}

/** Vending reads as a login does; what is written is rare, and written by the SDK. */
export function composeCredentials(): Credentials {
  const config = readConfig(SETTINGS);
  const metrics = composeMetrics(config);
  const table = { client: composeClient(metrics), table: config.table, randomBytes };
  const noted = composeJournaling(config);
  const principal = composePrincipal(config, metrics);
  const { store, credentialKeys } = principal;
  const nonces = noted.proofs(proofStore(table));
  const authentication = { ...principal, ...composeIam(config, metrics), nonces, clock };
  return {
    vending: { credentialKeys, clock, randomBytes },
    revoking: {
      store,
      credentialKeys,
      tokens: noted.tokens(tokenStore(table)),
      ended: noted.ended(endedStore(table)),
      audit: composeAudit(config, table),
      clock,
    },
    services: servicesOf(config),
    chain: {
      ...authenticatedChain(config, metrics, {
        vend: credentials => authenticateVend(authentication, credentials),
      }),
      ready: composeTableGuard(config, metrics),
    },
  };
}
