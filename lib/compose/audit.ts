/** The audit of one function, as the configuration wants it: in the table, and in the log. */
import type { Config } from '../config.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import type { AuditStore } from '../ports.ts';
import { type AuditStoreOptions, auditStore } from '../store/audit-store.ts';
import { loggedAudit } from '../telemetry/audited.ts';
import { structuredLog } from '../telemetry/log.ts';

export function composeAudit(
  { auditDays }: Config<'auditDays'>,
  table: Omit<AuditStoreOptions, 'retentionSeconds'>,
): AuditStore {
  const store = auditStore({ ...table, retentionSeconds: auditDays * DAY_SECONDS });
  return loggedAudit(store, structuredLog());
}
