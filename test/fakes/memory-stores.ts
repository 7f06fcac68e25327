/** Every store in memory, on one shared table. */
import type { Stores } from '../contracts/stores.ts';
import { memoryAuditStore } from './memory-audit-store.ts';
import { memoryEndedStore } from './memory-ended-store.ts';
import { memoryExpiryStore } from './memory-expiry-store.ts';
import { memoryIdempotencyStore } from './memory-idempotency-store.ts';
import { memoryLoginStore } from './memory-login-store.ts';
import { memoryNamespaceStore } from './memory-namespace-store.ts';
import { memoryProofStore } from './memory-proof-store.ts';
import { memoryRuleStore } from './memory-rule-store.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';
import { memoryTokenStore } from './memory-token-store.ts';

/** The stores, and the table behind them for tests that look or meddle. */
export function memoryStores(table: MemoryTable = memoryTable()): Stores & { readonly table: MemoryTable } {
  return {
    table,
    tokens: memoryTokenStore(table),
    logins: memoryLoginStore(table),
    namespaces: memoryNamespaceStore(table),
    requests: memoryIdempotencyStore(table),
    audits: memoryAuditStore(table),
    expiry: memoryExpiryStore(table),
    policies: memoryRuleStore(table.policies),
    trusts: memoryRuleStore(table.trusts),
    proofs: memoryProofStore(table),
    ended: memoryEndedStore(table),
  };
}
