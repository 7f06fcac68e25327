/** Puts the login endpoint together from its configuration. */
import { readConfig } from '../config.ts';
import { servicesOf } from '../config-services.ts';
import type { Service } from '../domain/service.ts';
import { keyDirectory } from '../signing/key-directory.ts';
import { cachedRings } from '../signing/rings.ts';
import { accessTokenSigner } from '../signing/sign.ts';
import { createDynamoClient } from '../store/client.ts';
import { loginStore } from '../store/login-store.ts';
import { TRUST } from '../store/rule-items.ts';
import { ruleStore } from '../store/rule-store.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { ChainParts } from './chain.ts';
import { guardedChain, IAM_SETTINGS } from './guarded-chain.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { clock, randomBytes } from './system.ts';

export function composeLogin(): { ports: LoginPorts; services: readonly Service[]; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, 'table']);
  const services = servicesOf(config);
  const rings = cachedRings(keyDirectory(config.keys));
  const table = { client: createDynamoClient(), table: config.table, randomBytes };
  const ports = {
    store: loginStore(table),
    trusts: ruleStore(table, TRUST),
    signer: accessTokenSigner({ services, rings }),
    clock,
    randomBytes,
    issuer: config.url,
  };
  return { ports, services, chain: guardedChain(config, table) };
}
