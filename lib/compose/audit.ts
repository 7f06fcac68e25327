/** The audit of a function: a record in the table, and the same event in the log. */
import { DAY_SECONDS } from '../domain/time.ts';
import type { AuditStore } from '../ports/stores.ts';
import { type AuditStoreOptions, auditStore } from '../store/audit-store.ts';
import { loggedAudit } from '../telemetry/log.ts';
import type { Parts } from './parts.ts';

export function openAudit(
  { config, log }: Parts<'auditDays'>,
  table: Omit<AuditStoreOptions, 'retentionSeconds'>,
): AuditStore {
  return loggedAudit(auditStore({ ...table, retentionSeconds: config.auditDays * DAY_SECONDS }), log);
}
