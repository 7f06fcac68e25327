/** Puts the login endpoint together from its configuration. */
import { type Config, readConfig } from '../config.ts';
import { servicesOf } from '../config-files.ts';
import type { Service } from '../domain/service.ts';
import type { LoginStore } from '../ports.ts';
import { keyDirectory } from '../signing/key-directory.ts';
import { cachedRings } from '../signing/rings.ts';
import { accessTokenSigner } from '../signing/sign.ts';
import { leanDynamo } from '../store/lean/dynamo.ts';
import { leanLoginCalls } from '../store/lean/login-calls.ts';
import { loginStore } from '../store/login-store.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { ChainParts } from './chain.ts';
import { guardedChain, IAM_SETTINGS } from './guarded-chain.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { clock, randomBytes } from './system.ts';

const DYNAMO_SETTINGS = [
  'table',
  'region',
  'dynamoEndpoint',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;

export function composeLogin(): { ports: LoginPorts; services: readonly Service[]; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, ...DYNAMO_SETTINGS]);
  const services = servicesOf(config);
  const rings = cachedRings(keyDirectory(config.keys));
  const ports = {
    store: composeStore(config),
    signer: accessTokenSigner({ services, rings }),
    clock,
    randomBytes,
    issuer: config.url,
    administrators: config.administrators ?? [],
  };
  return { ports, services, chain: guardedChain(config) };
}

function composeStore(config: Config<(typeof DYNAMO_SETTINGS)[number]>): LoginStore {
  const { table, region, dynamoEndpoint: endpoint, ...credentials } = config;
  const call = leanDynamo({ region, endpoint, credentials, clock, randomBytes });
  return loginStore({ calls: leanLoginCalls(call), table, randomBytes });
}
