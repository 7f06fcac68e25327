/** The stores on DynamoDB, over an empty table of the embedded engine. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { auditStore } from '../../lib/store/audit-store.ts';
import type { Table } from '../../lib/store/calls.ts';
import { expiryStore } from '../../lib/store/expiry-store.ts';
import { idempotencyStore } from '../../lib/store/idempotency-store.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { namespaceStore } from '../../lib/store/namespace-store.ts';
import { tokenStore } from '../../lib/store/token-store.ts';
import { AUDIT_RETENTION_SECONDS } from '../contracts/expiry-store.ts';
import type { Stores } from '../contracts/stores.ts';
import { type TestEngine, withEngine } from './engine.ts';

/** Every store on one table. */
export function storesOn({ client, table }: Table): Stores {
  return {
    tokens: tokenStore({ client, table, randomBytes }),
    logins: loginStore({ client, table, randomBytes }),
    namespaces: namespaceStore({ client, table, randomBytes }),
    requests: idempotencyStore({ client, table }),
    audits: auditStore({ client, table, randomBytes, retentionSeconds: AUDIT_RETENTION_SECONDS }),
    expiry: expiryStore({ client, table }),
  };
}

/** An engine for the tests of a file. */
export function useEngine(): { freshTable(): Promise<Table>; open(): Promise<Stores> } {
  let engine: TestEngine;
  beforeAll(async () => {
    engine = await withEngine();
  });
  afterAll(() => engine.close());
  const freshTable = async () => ({ client: engine.client, table: await engine.freshTable() });
  return { freshTable, open: async () => storesOn(await freshTable()) };
}
