import type { Config } from '../config/config.ts';
import { DAY_SECONDS } from '../domain/time.ts';
import type { AuditStore } from '../ports/stores.ts';
import { type AuditStoreOptions, auditStore } from '../store/audit-store.ts';
import { loggedAudit, structuredLog } from '../telemetry/log.ts';
import { clock, write } from './system.ts';

export function composeAudit(
  { auditDays }: Config<'auditDays'>,
  table: Omit<AuditStoreOptions, 'retentionSeconds'>,
): AuditStore {
  const store = auditStore({ ...table, retentionSeconds: auditDays * DAY_SECONDS });
  return loggedAudit(store, structuredLog({ write, clock }));
}
