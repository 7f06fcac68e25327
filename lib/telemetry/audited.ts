/** Audit records, and the same in the log: where an operator looks first, and the table's administrators cannot. */
import type { AuditStore, Log } from '../ports.ts';

/** Stores first: what could not be stored is not done, and not told of. */
export function loggedAudit(store: AuditStore, log: Log): AuditStore {
  return {
    async record(event, nowMs) {
      await store.record(event, nowMs);
      const { handle: accountHandle, ...told } = event;
      log.info('act', { ...told, accountHandle });
    },
  };
}
