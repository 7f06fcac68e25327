/** Refused logins, each under its request id in a partition of its account, for a day. */

import { isRepository } from '../domain/repository.ts';
import { REFUSAL_SECONDS, type Refusal, type RefusalStore } from '../ports/refusals.ts';
import { absent, type Item, type Table } from '../ports/table.ts';
import { asInteger, asText, asTextsThat, read, refusedKey } from './items.ts';

/** Both methods throw `unavailable` when the table does not answer; `find` throws `internal` when the item is malformed. */
export function refusalStore({ table }: { readonly table: Table }): RefusalStore {
  return {
    add: async ({ handle, requestId, at, ...facts }, signal) => {
      const item = { ...refusedKey(handle, requestId), at, ...facts, expiresAt: at + REFUSAL_SECONDS };
      await table.put(item, absent('pk'), signal);
    },
    find: async (handle, requestId, now) => {
      const item = await table.get(refusedKey(handle, requestId));
      const isCurrent = item !== undefined && read(item, 'expiresAt', asInteger) > now;
      return isCurrent ? { ...fromRefusalItem(item), handle, requestId } : undefined;
    },
  };
}

/** Throws `internal` when the item is malformed. */
export function fromRefusalItem(item: Item): Omit<Refusal, 'handle' | 'requestId'> {
  return {
    at: read(item, 'at', asInteger),
    subject: read(item, 'subject', asText),
    why: read(item, 'why', asText),
    service: read(item, 'service', asText),
    repositories: read(item, 'repositories', asTextsThat(isRepository)),
    sourceAddress: read(item, 'sourceAddress', asText),
  };
}
