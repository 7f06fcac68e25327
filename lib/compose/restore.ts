/** The restore function: replays the ledger into a restored table. */

import { withHealth } from '../api/health.ts';
import { restoreHandler } from '../api/invocations.ts';
import { accountRulesStore } from '../store/account-rules-store.ts';
import { idempotencyStore, nonceStore, revokedCredentialStore } from '../store/expiring-stores.ts';
import { namespaceStore } from '../store/namespace-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import { tokenStore } from '../store/token-store.ts';
import { type ReplayPorts, replayLedger } from '../usecases/replay-ledger.ts';
import { openParts, type Parts, type World } from './parts.ts';
import { openLedger, openTableMarker, TABLE_SETTINGS } from './resources.ts';
import { openSdkTable } from './sdk-table.ts';

export function createRestore(world: World): ReturnType<typeof restoreHandler> {
  const parts = openParts(world, TABLE_SETTINGS);
  const ports = openReplay(parts);
  const handler = restoreHandler({
    run: (request, remainingMs) => replayLedger({ ...ports, remainingMs }, request),
    log: parts.log,
  });
  return withHealth(handler, { 'table and ledger': () => ports.identity.history() });
}

/** The stores themselves, without journaling: what is replayed is in the ledger already. */
export function openReplay(parts: Parts<'table' | 'ledger'>): Omit<ReplayPorts, 'remainingMs'> {
  const table = openSdkTable(parts);
  return {
    ledger: openLedger(parts),
    identity: openTableMarker(parts, 'described'),
    tokens: tokenStore(table),
    idempotency: idempotencyStore(table),
    namespaces: namespaceStore(table),
    policies: ruleStore(table, POLICY),
    trusts: ruleStore(table, TRUST),
    accountRules: accountRulesStore(table),
    revokedCredentials: revokedCredentialStore(table),
    nonces: nonceStore(table),
    clock: parts.clock,
  };
}
