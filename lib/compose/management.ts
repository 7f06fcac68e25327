/** Puts the management of tokens and namespaces together from its configuration. */
import { readConfig } from '../config.ts';
import { fileDerivation } from '../derivation/key-file.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import { auditStore } from '../store/audit-store.ts';
import { createDynamoClient } from '../store/client.ts';
import { idempotencyStore } from '../store/idempotency-store.ts';
import { namespaceStore } from '../store/namespace-store.ts';
import { tokenStore } from '../store/token-store.ts';
import type { NamespacePorts } from '../usecases/manage-namespaces.ts';
import type { TokenPorts } from '../usecases/token-ports.ts';
import type { ChainParts } from './chain.ts';
import { guardedChain, IAM_SETTINGS } from './guarded-chain.ts';
import { clock, randomBytes } from './system.ts';

const SETTINGS = ['table', 'derivationKey', 'namespaces', 'valueRetrieval', 'auditDays'] as const;

export function composeManagement(): { tokens: TokenPorts; namespaces: NamespacePorts; chain: ChainParts } {
  const config = readConfig([...IAM_SETTINGS, ...SETTINGS]);
  const table = { client: createDynamoClient(), table: config.table, randomBytes };
  const audit = auditStore({ ...table, retentionSeconds: config.auditDays * DAY_SECONDS });
  const tokens = {
    tokens: tokenStore(table),
    idempotency: idempotencyStore(table),
    derivation: fileDerivation(config.derivationKey),
    audit,
    clock,
    randomBytes,
    valueRetrieval: config.valueRetrieval === 'on',
  };
  const namespaces = { namespaces: namespaceStore(table), registration: config.namespaces, audit, clock };
  return { tokens, namespaces, chain: guardedChain(config) };
}
