/** The audit records of a deployment, as its table has them, and an audit store in memory. */
import type { AuditEvent, AuditStore } from '../../lib/ports/audit.ts';
import type { Item } from '../../lib/ports/table.ts';
import type { Deployment } from './deployment.ts';
import { itemsOf } from './stores.ts';

export function auditLog(): { readonly audit: AuditStore; readonly events: readonly AuditEvent[] } {
  const events: AuditEvent[] = [];
  return { audit: { record: async event => void events.push(event) }, events };
}

/** Those that are about `target`, in the order in which they were stored. */
export async function auditsOf(
  { table }: Pick<Deployment, 'table'>,
  target: string,
): Promise<readonly Item[]> {
  const items = await itemsOf(table);
  return items.filter(({ sk, target: of }) => sk.startsWith('audit#') && of === target);
}
