/** Audit records: what was done, and by whom. A record is only ever added, and expires. */
import { toSeconds } from '../domain/time.ts';
import type { AuditStore } from '../ports/stores.ts';
import { attributesOf } from './attributes.ts';
import type { StoreOptions } from './calls.ts';
import { auditKey } from './keys.ts';

const ID_BYTES = 8;

export interface AuditStoreOptions extends StoreOptions {
  /** How long a record is stored, in seconds. */
  readonly retentionSeconds: number;
}

/** `record` throws `unavailable` when the event could not be stored. */
export function auditStore({ table, randomBytes, retentionSeconds }: AuditStoreOptions): AuditStore {
  return {
    record: async ({ handle, act, account, subject, uniqueId, target, requestId, sourceAddress }, nowMs) => {
      const id = Buffer.from(randomBytes(ID_BYTES)).toString('hex');
      const expiresAt = toSeconds(nowMs) + retentionSeconds;
      const facts = { account, act, subject, uniqueId, target, requestId, sourceAddress, expiresAt };
      await table.put({ ...auditKey(handle, new Date(nowMs).toISOString(), id), ...attributesOf(facts) });
    },
  };
}
