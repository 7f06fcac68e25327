import { readConfig } from '../config/config.ts';
import type { WorkloadIssuer } from '../domain/identity.ts';
import type { Policy } from '../domain/policy.ts';
import type { Trust } from '../domain/trust.ts';
import { idempotencyStore } from '../store/idempotency-store.ts';
import { namespaceStore } from '../store/namespace-store.ts';
import { proofStore } from '../store/nonce-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import { tokenStore } from '../store/token-store.ts';
import { authenticateManager } from '../usecases/authenticate.ts';
import type { NamespacePorts } from '../usecases/manage-namespaces.ts';
import type { RulePorts } from '../usecases/manage-rules.ts';
import type { TokenPorts } from '../usecases/manage-tokens.ts';
import { composeAudit } from './audit.ts';
import type { ChainParts } from './chain.ts';
import { composeClient } from './client.ts';
import { authenticatedChain, composeIam, IAM_SETTINGS, NO_ISSUERS } from './guarded-chain.ts';
import { composeTableGuard, TABLE_SETTINGS } from './identity.ts';
import { composeDerivation } from './key-places.ts';
import { composeJournaling } from './ledger.ts';
import { composeMetrics } from './metrics.ts';
import { clock, randomBytes } from './system.ts';

const SETTINGS = [...TABLE_SETTINGS, 'derivationKey', 'namespaces', 'valueRetrieval', 'auditDays'] as const;

export interface Management {
  readonly tokens: TokenPorts;
  readonly namespaces: NamespacePorts;
  readonly policies: RulePorts<Policy>;
  readonly trusts: RulePorts<Trust>;
  readonly workloadIssuers: readonly WorkloadIssuer[];
  readonly publicUrl: string;
  readonly chain: ChainParts;
}

export function composeManagement(): Management {
  const config = readConfig([...IAM_SETTINGS, ...SETTINGS]);
  const metrics = composeMetrics(config);
  const table = { client: composeClient(metrics), table: config.table, randomBytes };
  const noted = composeJournaling(config);
  const audit = composeAudit(config, table);
  const tokens = {
    tokens: noted.tokens(tokenStore(table)),
    idempotency: idempotencyStore(table),
    derivation: composeDerivation(config.derivationKey),
    audit,
    clock,
    randomBytes,
    valueRetrieval: config.valueRetrieval === 'on',
  };
  const namespaces = {
    namespaces: noted.namespaces(namespaceStore(table)),
    registration: config.namespaces,
    audit,
    clock,
  };
  const rules = { audit, clock, randomBytes };
  const policies = noted.rules(ruleStore(table, POLICY), 'remove-policy');
  const trusts = noted.rules(ruleStore(table, TRUST), 'remove-trust');
  const nonces = noted.proofs(proofStore(table));
  const authentication = { ...composeIam(config, metrics), policies, nonces, clock };
  return {
    tokens,
    namespaces,
    policies: { ...rules, rules: policies, word: 'policy' },
    trusts: { ...rules, rules: trusts, word: 'trust' },
    workloadIssuers: (config.issuers ?? NO_ISSUERS).workloads,
    publicUrl: config.url,
    chain: {
      ...authenticatedChain(config, metrics, {
        manage: (credentials, required) => authenticateManager(authentication, credentials, required),
      }),
      ready: composeTableGuard(config, metrics),
    },
  };
}
