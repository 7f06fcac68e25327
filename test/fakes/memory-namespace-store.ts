/** Namespace claims and their index in memory. */
import { isDeepStrictEqual } from 'node:util';
import { isHeldBy, type NamespaceClaim } from '../../lib/domain/namespace.ts';
import type { NamespaceStore } from '../../lib/ports/stores.ts';
import { type MemoryTable, memoryTable, ownKey } from './memory-table.ts';

export function memoryNamespaceStore(table: MemoryTable = memoryTable()): NamespaceStore {
  const { claims, registrations } = table;
  const hasLater = ({ account, name, epoch }: NamespaceClaim) =>
    (registrations.get(ownKey(account, name))?.epoch ?? 0) > epoch;
  return {
    claim: async name => claims.get(name),
    writeClaim: async (before, after) => {
      if (!isDeepStrictEqual(claims.get(after.name), before)) return false;
      claims.set(after.name, after);
      return true;
    },
    index: async claim => {
      if (!hasLater(claim)) registrations.set(ownKey(claim.account, claim.name), claim);
    },
    unindex: async claim => {
      if (!hasLater(claim)) registrations.delete(ownKey(claim.account, claim.name));
    },
    held: async account =>
      [...registrations.values()]
        .filter(entry => entry.account === account)
        .map(({ name }) => claims.get(name))
        .filter(claim => claim !== undefined)
        .filter(claim => isHeldBy(claim, account))
        .sort((a, b) => (a.name < b.name ? -1 : 1)),
  };
}
