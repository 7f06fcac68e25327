/** The management function: tokens, namespaces, policies and trusts, and the end of a secret by its holder. */

import { setTimeout as pause } from 'node:timers/promises';
import {
  identityHandlers,
  namespaceHandlers,
  policyHandlers,
  trustHandlers,
  usageHandlers,
} from '../api/account.ts';
import { rulesHandlers } from '../api/account-rules.ts';
import { auditHandlers } from '../api/audit.ts';
import { ensureHandlers } from '../api/ensure.ts';
import { explainHandlers } from '../api/explain.ts';
import { readTable, withHealth } from '../api/health.ts';
import { rotationHandlers } from '../api/held-token.ts';
import { issuerHandlers } from '../api/issuers.ts';
import { ROUTES } from '../api/routes.ts';
import { revocationHandlers, tokenHandlers } from '../api/tokens.ts';
import type { Config } from '../config/config.ts';
import { credentialKeys } from '../derivation/credential-keys.ts';
import type { RegistrationRules } from '../domain/namespace.ts';
import { DAY_SECONDS, toSeconds } from '../domain/time.ts';
import { type HttpHandler, httpHandler } from '../http/chain.ts';
import { claimsReader } from '../iam/verifier.ts';
import { failureLimiter, rateLimiter } from '../limits/rate-limiter.ts';
import { accountRulesStore } from '../store/account-rules-store.ts';
import { auditReader, auditStore } from '../store/audit-store.ts';
import { idempotencyStore, nonceStore, revokedCredentialStore } from '../store/expiring-stores.ts';
import { loginStore } from '../store/login-store.ts';
import { namespaceStore } from '../store/namespace-store.ts';
import { refusalStore } from '../store/refusal-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import { tokenNameStore, tokenStore } from '../store/token-store.ts';
import { usageStore } from '../store/usage-store.ts';
import { loggedAudit } from '../telemetry/log.ts';
import { authenticateManager } from '../usecases/authenticate.ts';
import { authenticateHolder, OWN_ROTATIONS_PER_MINUTE } from '../usecases/holder.ts';
import { REVOCATIONS_PER_MINUTE } from '../usecases/revoke.ts';
import { IAM_SETTINGS, openIam } from './authentication.ts';
import { NOTICE_SETTINGS, openNoticeOptions } from './notices.ts';
import { openParts, type World } from './parts.ts';
import {
  openCredentialKeySource,
  openDerivation,
  openJournaling,
  openTable,
  openTableGuard,
  TABLE_SETTINGS,
} from './resources.ts';

const SETTINGS = [
  'services',
  'derivationKey',
  'credentialKey',
  'namespaces',
  'probeNamespace',
  'valueRetrieval',
  'rulesCeiling',
  'auditDays',
  ...IAM_SETTINGS,
  ...NOTICE_SETTINGS,
  ...TABLE_SETTINGS,
] as const;

/** No value of a token is derived from it. */
const HEALTH_MESSAGE = Buffer.from('pullpass health');

export function createManagement(world: World): HttpHandler {
  const parts = openParts(world, SETTINGS);
  const { config, clock, randomBytes } = parts;
  const table = { table: openTable(parts), randomBytes };
  const journal = openJournaling(parts);
  const retentionSeconds = config.auditDays * DAY_SECONDS;
  const audit = loggedAudit(auditStore({ ...table, retentionSeconds }), parts.log);
  const common = { audit, clock, randomBytes };
  const policies = journal.rules(ruleStore(table, POLICY), 'remove-policy');
  const trusts = journal.rules(ruleStore(table, TRUST), 'remove-trust');
  const rules = {
    accountRules: journal.accountRules(accountRulesStore(table)),
    ceiling: config.rulesCeiling,
  };
  const tokens = {
    ...common,
    ...rules,
    tokens: journal.tokens(tokenStore({ ...table, notices: openNoticeOptions(parts, table.table) })),
    names: tokenNameStore(table),
    idempotency: idempotencyStore(table),
    derivation: openDerivation(parts),
    valueRetrieval: config.valueRetrieval === 'on',
  };
  const namespaces = journal.namespaces(namespaceStore(table));
  const nonces = journal.nonces(nonceStore(table));
  const revoking = {
    ...common,
    store: loginStore(table),
    tokens: tokens.tokens,
    revokedCredentials: journal.revokedCredentials(revokedCredentialStore(table)),
    credentialKeys: credentialKeys(openCredentialKeySource(parts)),
    revocations: rateLimiter(REVOCATIONS_PER_MINUTE).take,
  };
  const failures = failureLimiter(config.failuresPerMinute);
  const authentication = { ...openIam(parts, failures), policies, nonces, clock };
  const explaining = {
    store: revoking.store,
    trusts,
    claims: claimsReader({ issuers: config.issuers.workloads, publicUrl: config.url }),
    issuer: config.url,
    refusals: refusalStore(table),
  };
  const ready = openTableGuard(parts);
  world.prepare?.(ready, () => revoking.credentialKeys.current(toSeconds(clock())));
  const handler = httpHandler({
    ...parts,
    failures,
    authenticate: {
      holder: credentials => authenticateHolder(revoking, credentials),
      manage: (credentials, required) => authenticateManager(authentication, credentials, required),
    },
    ready,
    routes: ROUTES.management,
    handlers: {
      ...tokenHandlers(tokens),
      ...rulesHandlers({ ...common, ...rules, tokens: tokens.tokens }),
      ...namespaceHandlers({ ...common, namespaces, registration: registrationRules(config) }),
      ...policyHandlers({ ...common, rules: policies, word: 'policy' }),
      ...trustHandlers({ ...common, rules: trusts, word: 'trust' }, config.issuers.workloads),
      ...auditHandlers({ entries: auditReader(table), clock }),
      ...issuerHandlers(config.url, config.issuers.workloads),
      ...explainHandlers({ ports: { ...authentication, ...explaining }, services: config.services }),
      ...usageHandlers({ usage: usageStore(table), clock }),
      ...identityHandlers(config.url),
      ...revocationHandlers({ revoking }),
      ...ensureHandlers({ ...tokens, pause }),
      ...rotationHandlers({ ...tokens, rotations: rateLimiter(OWN_ROTATIONS_PER_MINUTE).take }),
    },
  });
  const { derivation } = tokens;
  return withHealth(handler, {
    table: ready,
    records: () => readTable(revoking.store),
    'credential key': () => revoking.credentialKeys.current(toSeconds(clock())),
    'derivation key': () => derivation.derive(derivation.currentKey, HEALTH_MESSAGE),
  });
}

/** Where registration is not open, the prober may have its one namespace. */
function registrationRules({
  namespaces,
  prober,
  probeNamespace,
}: Config<'namespaces' | 'probeNamespace' | 'prober'>): RegistrationRules {
  if (namespaces === 'open') return namespaces;
  return [...namespaces, ...prober.map(({ account }) => ({ account, pattern: probeNamespace }))];
}
