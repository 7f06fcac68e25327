/** The audit: each act is stored and logged. */
import { DAY_SECONDS } from '../domain/time.ts';
import type { AuditStore } from '../ports/audit.ts';
import { type AuditStoreOptions, auditStore } from '../store/audit-store.ts';
import { loggedAudit } from '../telemetry/log.ts';
import type { Parts } from './parts.ts';

export function openAudit(
  { config, log }: Parts<'auditDays'>,
  table: Omit<AuditStoreOptions, 'retentionSeconds'>,
): AuditStore {
  return loggedAudit(auditStore({ ...table, retentionSeconds: config.auditDays * DAY_SECONDS }), log);
}
