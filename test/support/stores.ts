/** The stores on DynamoDB, over an empty table of an engine. */
import { randomBytes } from 'node:crypto';
import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, inject } from 'vitest';
import type { AwsCall } from '../../lib/aws/client.ts';
import { auditStore } from '../../lib/store/audit-store.ts';
import type { Table } from '../../lib/store/calls.ts';
import { expiryStore } from '../../lib/store/expiry-store.ts';
import { idempotencyStore } from '../../lib/store/idempotency-store.ts';
import { loginStore } from '../../lib/store/login-store.ts';
import { namespaceStore } from '../../lib/store/namespace-store.ts';
import { proofStore } from '../../lib/store/nonce-store.ts';
import { endedStore } from '../../lib/store/revoked-store.ts';
import { POLICY, ruleStore, TRUST } from '../../lib/store/rule-store.ts';
import { tokenStore } from '../../lib/store/token-store.ts';
import { AUDIT_RETENTION_SECONDS } from '../contracts/expiry-store.ts';
import type { Stores } from '../contracts/stores.ts';
import { clientOf, onEngine, type TestEngine, withEngine } from './engine.ts';
import { leanCallOf } from './lean-login-calls.ts';
import { sdkLoginCalls } from './sdk-login-calls.ts';

/** Every store on one table. */
export function storesOn({ client, table }: Table): Stores {
  return {
    tokens: tokenStore({ client, table, randomBytes }),
    logins: loginStore({ calls: sdkLoginCalls(client), table, randomBytes }),
    namespaces: namespaceStore({ client, table, randomBytes }),
    requests: idempotencyStore({ client, table }),
    audits: auditStore({ client, table, randomBytes, retentionSeconds: AUDIT_RETENTION_SECONDS }),
    expiry: expiryStore({ call: leanCallTo(client), table }),
    policies: ruleStore({ client, table, randomBytes }, POLICY),
    trusts: ruleStore({ client, table, randomBytes }, TRUST),
    proofs: proofStore({ client, table, randomBytes }),
    ended: endedStore({ client, table }),
  };
}

/** The lean client, as it ships, to wherever the SDK's points. */
function leanCallTo(client: DynamoDBClient): AwsCall {
  let call: Promise<AwsCall> | undefined;
  return async (...request) => {
    call ??= leanCallOf({ client });
    return (await call)(...request);
  };
}

/** An engine for the tests of a file; every table comes with a client of its own, which a test may tamper with. */
export function useEngine(): { openTable(): Promise<Table>; open(): Promise<Stores> } {
  let engine: TestEngine;
  const clients: DynamoDBClient[] = [];
  beforeAll(async () => {
    const given = inject('engine');
    engine =
      given === undefined ? await withEngine() : await onEngine({ ...given, close: async () => undefined });
  });
  afterAll(async () => {
    for (const client of clients) client.destroy();
    await engine.close();
  });
  const openTable = async () => {
    const client = clientOf(engine);
    clients.push(client);
    return { client, table: await engine.freshTable() };
  };
  return { openTable, open: async () => storesOn(await openTable()) };
}
