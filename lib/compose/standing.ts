import type { Config } from '../config/config.ts';
import { credentialKeys } from '../derivation/credential-keys.ts';
import { issuerKeys } from '../domain/identity.ts';
import type { Metrics } from '../ports/system.ts';
import { leanLoginCalls, leanQuery } from '../store/lean-calls.ts';
import { loginStore } from '../store/login-store.ts';
import { POLICY, ruleReader, TRUST } from '../store/rule-store.ts';
import type { PrincipalPorts } from '../usecases/principal.ts';
import { composeDynamo, DYNAMO_SETTINGS } from './dynamo.ts';
import { NO_ISSUERS } from './guarded-chain.ts';
import { composeCredentialKeySource } from './key-places.ts';
import { randomBytes } from './system.ts';

export const PRINCIPAL_SETTINGS = [
  ...DYNAMO_SETTINGS,
  'table',
  'administrators',
  'issuers',
  'credentialKey',
] as const;

export function composePrincipal(
  config: Config<(typeof PRINCIPAL_SETTINGS)[number]>,
  metrics: Metrics,
): PrincipalPorts {
  const { table, administrators = [], issuers = NO_ISSUERS } = config;
  const call = composeDynamo(config, metrics);
  const query = leanQuery(call);
  return {
    store: loginStore({ calls: leanLoginCalls(call), table, randomBytes }),
    trusts: ruleReader({ query, table }, TRUST),
    policies: ruleReader({ query, table }, POLICY),
    administrators,
    issuers: issuerKeys(issuers),
    credentialKeys: credentialKeys(composeCredentialKeySource(config.credentialKey)),
  };
}
