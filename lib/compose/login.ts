import { readConfig } from '../config/config.ts';
import { servicesOf } from '../config/services.ts';
import type { Service } from '../domain/service.ts';
import { cachedRings } from '../signing/ring.ts';
import { accessTokenSigner } from '../signing/signer.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { ChainParts } from './chain.ts';
import { authenticatedChain, IAM_SETTINGS } from './guarded-chain.ts';
import { composeTableGuard, TABLE_SETTINGS } from './identity.ts';
import { composeKeyStore } from './key-places.ts';
import { composeMetrics } from './metrics.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { composePrincipal, PRINCIPAL_SETTINGS } from './standing.ts';
import { clock, randomBytes } from './system.ts';

export function composeLogin(): { ports: LoginPorts; services: readonly Service[]; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, ...PRINCIPAL_SETTINGS, ...TABLE_SETTINGS]);
  const services = servicesOf(config);
  const rings = cachedRings(composeKeyStore(config.keys));
  const signer = accessTokenSigner({ services, rings });
  const metrics = composeMetrics(config);
  const ports = { ...composePrincipal(config, metrics), signer, clock, randomBytes, issuer: config.url };
  // No route of this function takes a proof that may be used once only.
  const chain = authenticatedChain(config, { policies: ports.policies, proofs: null, metrics });
  return { ports, services, chain: { ...chain, ready: composeTableGuard(config, metrics) } };
}
