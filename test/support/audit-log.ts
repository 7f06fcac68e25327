/** An audit store that keeps its events in memory, in the order in which they came. */
import type { AuditEvent, AuditStore } from '../../lib/ports/audit.ts';

export function auditLog(): { readonly audit: AuditStore; readonly events: readonly AuditEvent[] } {
  const events: AuditEvent[] = [];
  return { audit: { record: async event => void events.push(event) }, events };
}
