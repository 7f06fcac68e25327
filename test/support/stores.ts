/** The stores on the tables of tests, and copies of those tables. */
import { randomBytes } from 'node:crypto';
import type { Policy } from '../../lib/domain/policy.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import type { Trust } from '../../lib/domain/trust.ts';
import type { Journaling } from '../../lib/ledger/journaling.ts';
import type { AuditStore } from '../../lib/ports/audit.ts';
import type {
  AccountRulesStore,
  ExpiryStore,
  IdempotencyStore,
  LoginStore,
  NamespaceStore,
  NonceStore,
  RevokedCredentialStore,
  RuleStore,
  TokenNameStore,
  TokenStore,
  UsageStore,
} from '../../lib/ports/stores.ts';
import type { Item, Key, Table } from '../../lib/ports/table.ts';
import { accountRulesStore } from '../../lib/store/account-rules-store.ts';
import { auditStore } from '../../lib/store/audit-store.ts';
import { idempotencyStore, nonceStore, revokedCredentialStore } from '../../lib/store/expiring-stores.ts';
import { expiryStore } from '../../lib/store/expiry-store.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { namespaceStore } from '../../lib/store/namespace-store.ts';
import { POLICY, ruleStore, TRUST } from '../../lib/store/rule-store.ts';
import { tokenNameStore, tokenStore } from '../../lib/store/token-store.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { mapTable } from '../fakes/map-table.ts';
import { inBatches } from './batches.ts';
import { useTables } from './tables.ts';

/** Every store, on one table. */
export interface Stores {
  readonly tokens: TokenStore;
  readonly names: TokenNameStore;
  readonly logins: LoginStore;
  readonly namespaces: NamespaceStore;
  readonly requests: IdempotencyStore;
  readonly audits: AuditStore;
  readonly expiry: ExpiryStore;
  readonly policies: RuleStore<Policy>;
  readonly trusts: RuleStore<Trust>;
  readonly accountRules: AccountRulesStore;
  readonly nonces: NonceStore;
  readonly revokedCredentials: RevokedCredentialStore;
  readonly usage: UsageStore;
}

/** How long the audit records of the stores under test live. */
export const AUDIT_RETENTION_SECONDS = 90 * DAY_SECONDS;

export function storesOn(table: Table): Stores {
  const options = { table, randomBytes };
  return {
    tokens: tokenStore(options),
    names: tokenNameStore(options),
    logins: loginStore(options),
    namespaces: namespaceStore(options),
    requests: idempotencyStore(options),
    audits: auditStore({ ...options, retentionSeconds: AUDIT_RETENTION_SECONDS }),
    expiry: expiryStore(options),
    policies: ruleStore(options, POLICY),
    trusts: ruleStore(options, TRUST),
    accountRules: accountRulesStore(options),
    nonces: nonceStore(options),
    revokedCredentials: revokedCredentialStore(options),
    usage: usageStore(options),
  };
}

/** Empty tables for the tests of a file, and the stores on them. */
export function useStores(): { openTable(): Promise<Table>; open(): Promise<Stores> } {
  const { open: openTable } = useTables();
  return { openTable, open: async () => storesOn(await openTable()) };
}

/** An empty table in memory. */
export const memoryTable = mapTable;

/** The stores on a table in memory, and that table for tests that look or meddle. */
export function memoryStores(table: Table = memoryTable()): Stores & { readonly table: Table } {
  return { ...storesOn(table), table };
}

/** All items of a table. */
export async function itemsOf(table: Table): Promise<Item[]> {
  const items: Item[] = [];
  let after: Key | undefined;
  do {
    const page = await table.scan({ after });
    items.push(...page.items);
    after = page.next;
  } while (after !== undefined);
  return items;
}

/** A copy of the table as it is now, as a restore makes it. */
export async function copyOf(
  table: Table,
  open: () => Promise<Table> = async () => memoryTable(),
): Promise<Table> {
  const copy = await open();
  await fill(copy, await itemsOf(table));
  return copy;
}

export async function fill(table: Table, items: readonly Item[]): Promise<void> {
  await inBatches(items, item => table.put(item));
}

/** The stores as a deployment has them: what they revoke is in the ledger first. */
export function journaledStores(stores: Stores, journaled: Journaling): Stores {
  return {
    ...stores,
    tokens: journaled.tokens(stores.tokens),
    namespaces: journaled.namespaces(stores.namespaces),
    policies: journaled.rules(stores.policies, 'remove-policy'),
    trusts: journaled.rules(stores.trusts, 'remove-trust'),
    revokedCredentials: journaled.revokedCredentials(stores.revokedCredentials),
    accountRules: journaled.accountRules(stores.accountRules),
    nonces: journaled.nonces(stores.nonces),
  };
}
