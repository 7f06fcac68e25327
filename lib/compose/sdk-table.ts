/** The table as administrators and the operator reach it, by the SDK, and the audit in it. */

import { DAY_SECONDS } from '../domain/time.ts';
import type { AuditStore } from '../ports/audit.ts';
import type { Table } from '../ports/table.ts';
import { type AuditStoreOptions, auditStore } from '../store/audit-store.ts';
import { countedTable, type StoreOptions } from '../store/calls.ts';
import { dynamoTable } from '../store/dynamo-table.ts';
import { createDynamoClient, sdkTransport } from '../store/sdk-transport.ts';
import { loggedAudit } from '../telemetry/log.ts';
import { accessOf, type Parts } from './parts.ts';

export function openAudit(
  { config, log }: Parts<'auditDays'>,
  table: Omit<AuditStoreOptions, 'retentionSeconds'>,
): AuditStore {
  return loggedAudit(auditStore({ ...table, retentionSeconds: config.auditDays * DAY_SECONDS }), log);
}

export function openSdkTable(parts: Parts<'table'>): StoreOptions {
  const { metrics, randomBytes } = parts;
  return { table: countedTable(parts.table ?? sdkTable(parts), metrics), randomBytes };
}

function sdkTable({ config }: Parts<'table'>): Table {
  const { region, endpoint, credentials } = accessOf(config, 'dynamodb');
  const { accessKeyId, secretAccessKey, sessionToken } = credentials;
  const client = createDynamoClient(region, {
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: {
      accessKeyId,
      secretAccessKey: secretAccessKey.reveal(),
      ...(sessionToken === undefined ? {} : { sessionToken: sessionToken.reveal() }),
    },
  });
  return dynamoTable(config.table, sdkTransport(client));
}
