/** Puts the login endpoint together from its configuration. */
import { type Config, readConfig } from '../config.ts';
import { servicesOf } from '../config-services.ts';
import type { Service } from '../domain/service.ts';
import { keyDirectory } from '../signing/key-directory.ts';
import { cachedRings } from '../signing/rings.ts';
import { accessTokenSigner } from '../signing/sign.ts';
import { type DynamoCall, leanDynamo } from '../store/lean/dynamo.ts';
import { leanLoginCalls, leanQuery } from '../store/lean/login-calls.ts';
import { loginStore } from '../store/login-store.ts';
import { POLICY, TRUST } from '../store/rule-items.ts';
import { ruleReader } from '../store/rule-reader.ts';
import type { LoginPorts } from '../usecases/log-in.ts';
import type { ChainParts } from './chain.ts';
import { guardedChain, IAM_SETTINGS } from './guarded-chain.ts';
import { SERVICE_SETTINGS } from './service-settings.ts';
import { clock, randomBytes } from './system.ts';

const DYNAMO_SETTINGS = [
  'region',
  'dynamoEndpoint',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;

export function composeLogin(): { ports: LoginPorts; services: readonly Service[]; chain: ChainParts } {
  const config = readConfig([...SERVICE_SETTINGS, ...IAM_SETTINGS, ...DYNAMO_SETTINGS, 'table']);
  const { table } = config;
  const services = servicesOf(config);
  const rings = cachedRings(keyDirectory(config.keys));
  const call = composeDynamo(config);
  const query = leanQuery(call);
  const ports = {
    store: loginStore({ calls: leanLoginCalls(call), table, randomBytes }),
    trusts: ruleReader({ query, table }, TRUST),
    signer: accessTokenSigner({ services, rings }),
    clock,
    randomBytes,
    issuer: config.url,
  };
  // No route of this function takes a proof that may be used once only.
  const chain = guardedChain(config, { policies: ruleReader({ query, table }, POLICY), proofs: null });
  return { ports, services, chain };
}

function composeDynamo(config: Config<(typeof DYNAMO_SETTINGS)[number]>): DynamoCall {
  const { region, dynamoEndpoint: endpoint, ...credentials } = config;
  return leanDynamo({ region, endpoint, credentials, clock, randomBytes });
}
