import type { HealthPorts } from '../api/health.ts';
import { readConfig } from '../config/config.ts';
import { servicesOf } from '../config/services.ts';
import type { Service } from '../domain/service.ts';
import { cachedRings } from '../signing/ring.ts';
import { accessTokenSigner } from '../signing/signer.ts';
import { authenticateLogin } from '../usecases/authenticate.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { VendPorts } from '../usecases/vend-credential.ts';
import type { ChainParts } from './chain.ts';
import { authenticatedChain, composeIam, IAM_SETTINGS } from './guarded-chain.ts';
import { composeTableGuard, TABLE_SETTINGS } from './identity.ts';
import { composeKeyStore } from './key-places.ts';
import { composeMetrics } from './metrics.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { composePrincipal, PRINCIPAL_SETTINGS } from './standing.ts';
import { clock, randomBytes } from './system.ts';

export interface Login {
  readonly ports: LoginPorts & VendPorts & HealthPorts;
  readonly services: readonly Service[];
  readonly chain: ChainParts;
}

export function composeLogin(): Login {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, ...PRINCIPAL_SETTINGS, ...TABLE_SETTINGS]);
  const services = servicesOf(config);
  const rings = cachedRings(composeKeyStore(config.keys));
  const signer = accessTokenSigner({ services, rings });
  const metrics = composeMetrics(config);
  const principal = composePrincipal(config, metrics);
  const authentication = { ...principal, ...composeIam(config, metrics), clock };
  const chain = authenticatedChain(config, metrics, {
    login: (credentials, context) => authenticateLogin(authentication, credentials, context),
  });
  const { store, credentialKeys } = principal;
  return {
    ports: { store, credentialKeys, signer, clock, randomBytes, issuer: config.url },
    services,
    chain: { ...chain, ready: composeTableGuard(config, metrics) },
  };
}
