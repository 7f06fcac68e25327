/** Puts the replay of the ledger together from its configuration, and what a first start needs of it. */
import type { Replay } from '../api/restore.ts';
import { readConfig } from '../config/config.ts';
import type { MatchStatus } from '../ports/ledger.ts';
import type { Log } from '../ports/system.ts';
import { createDynamoClient } from '../store/client.ts';
import { namespaceStore } from '../store/namespace-store.ts';
import { proofStore } from '../store/nonce-store.ts';
import { endedStore } from '../store/revoked-store.ts';
import { POLICY, ruleStore, TRUST } from '../store/rule-store.ts';
import { tokenStore } from '../store/token-store.ts';
import { structuredLog } from '../telemetry/log.ts';
import { replayLedger } from '../usecases/replay-ledger.ts';
import { composeTableMarker, TABLE_SETTINGS } from './identity.ts';
import { composeLedger } from './ledger.ts';
import { clock, randomBytes, write } from './system.ts';

export interface Restore {
  readonly run: Replay;
  readonly log: Log;
}

export function composeRestore(): Restore {
  const config = readConfig(TABLE_SETTINGS);
  const table = { client: createDynamoClient(), table: config.table, randomBytes };
  const ports = {
    ledger: composeLedger(config),
    identity: composeTableMarker(config),
    tokens: tokenStore(table),
    namespaces: namespaceStore(table),
    policies: ruleStore(table, POLICY),
    trusts: ruleStore(table, TRUST),
    ended: endedStore(table),
    proofs: proofStore(table),
    clock,
  };
  return {
    run: (request, remainingMs) => replayLedger({ ...ports, remainingMs }, request),
    log: structuredLog({ write, clock }),
  };
}

/** At each deployment: whose the table is, from now on ours if it is new. */
export function settleTable(): Promise<MatchStatus> {
  return composeTableMarker(readConfig(TABLE_SETTINGS)).initialise(clock());
}
