/** What requests with an `Idempotency-Key` have done. Never holds a value or a response. */
import type { Account } from '../domain/account.ts';
import { unavailable } from '../domain/errors.ts';
import { IDEMPOTENCY_SECONDS, type IdempotencyRecord } from '../domain/idempotency.ts';
import { isUuid } from '../domain/identifiers.ts';
import type { IdempotencyStore } from '../ports/stores.ts';
import { type Attributes, absent, any, compare, type Item, type Table } from '../ports/table.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTextThat,
  malformed,
  nameIn,
  read,
} from './attributes.ts';
import { REQUEST_PREFIX, requestKey } from './keys.ts';

/** Both methods throw `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function idempotencyStore({ table }: { readonly table: Table }): IdempotencyStore {
  return {
    begin: async (account, record, now) => {
      const key = requestKey(account, record.key);
      const isFree = any(absent('pk'), compare('expiresAt', '<=', now));
      if (await table.put({ ...key, ...toAttributes(account, record) }, isFree)) return record;
      const stored = await table.get(key);
      // It was deleted between the two calls, so what it said is lost.
      if (stored === undefined) throw unavailable('request record gone');
      return fromRequestItem(account, stored);
    },
    finish: async (account, { key, write }) => {
      await table.update(requestKey(account, key), { set: { state: 'done' } }, compare('write', '=', write));
    },
  };
}

function toAttributes(account: Account, record: IdempotencyRecord): Attributes {
  const { payload, tokenId, generation, write, state, createdAt } = record;
  const expiresAt = createdAt + IDEMPOTENCY_SECONDS;
  return { account, payload, tokenId, generation, write, state, createdAt, expiresAt };
}

function fromRequestItem(account: Account, item: Item): IdempotencyRecord {
  if (read(item, 'account', asQualified) !== account) throw malformed(item, 'account');
  return {
    key: nameIn(item, 'sk', REQUEST_PREFIX),
    payload: read(item, 'payload', asText),
    tokenId: read(item, 'tokenId', asTextThat(isUuid)),
    generation: read(item, 'generation', asInteger),
    write: read(item, 'write', asText),
    state: read(item, 'state', asOneOf('pending', 'done')),
    createdAt: read(item, 'createdAt', asInteger),
  };
}
