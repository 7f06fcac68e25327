/** What tells who someone is at a login: for the login endpoint, and for the vending of credentials. */
import type { Config } from '../config.ts';
import { fileCredentialKeys } from '../derivation/credential-keys.ts';
import { issuerKeys } from '../domain/issuer.ts';
import { type DynamoCall, leanDynamo } from '../store/lean/dynamo.ts';
import { leanLoginCalls, leanQuery } from '../store/lean/login-calls.ts';
import { loginStore } from '../store/login-store.ts';
import { POLICY, TRUST } from '../store/rule-items.ts';
import { ruleReader } from '../store/rule-reader.ts';
import type { StandingPorts } from '../usecases/standing.ts';
import { NO_ISSUERS } from './guarded-chain.ts';
import { clock, randomBytes } from './system.ts';

const DYNAMO_SETTINGS = [
  'region',
  'dynamoEndpoint',
  'accessKeyId',
  'secretAccessKey',
  'sessionToken',
] as const;

export const STANDING_SETTINGS = [
  ...DYNAMO_SETTINGS,
  'table',
  'administrators',
  'issuers',
  'credentialKey',
] as const;

export function composeStanding(config: Config<(typeof STANDING_SETTINGS)[number]>): StandingPorts {
  const { table, administrators = [], issuers = NO_ISSUERS } = config;
  const call = composeDynamo(config);
  const query = leanQuery(call);
  return {
    store: loginStore({ calls: leanLoginCalls(call), table, randomBytes }),
    trusts: ruleReader({ query, table }, TRUST),
    policies: ruleReader({ query, table }, POLICY),
    administrators,
    issuers: issuerKeys(issuers),
    credentialKeys: fileCredentialKeys(config.credentialKey),
  };
}

function composeDynamo(config: Config<(typeof DYNAMO_SETTINGS)[number]>): DynamoCall {
  const { region, dynamoEndpoint: endpoint, ...credentials } = config;
  return leanDynamo({ region, endpoint, credentials, clock, randomBytes });
}
