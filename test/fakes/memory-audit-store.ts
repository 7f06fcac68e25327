/** Audit records in memory; `table.audits` shows them. */
import { DAY_SECONDS, toSeconds } from '../../lib/domain/time.ts';
import type { AuditStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable } from './memory-table.ts';

export function memoryAuditStore(
  { audits }: MemoryTable = memoryTable(),
  retentionSeconds = 90 * DAY_SECONDS,
): AuditStore {
  return {
    record: async (event, nowMs) => {
      const key = `${event.handle} ${new Date(nowMs).toISOString()} ${audits.size}`;
      audits.set(key, { value: event, expiresAt: toSeconds(nowMs) + retentionSeconds });
    },
  };
}
