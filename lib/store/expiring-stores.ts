/** Items that are only ever added and expire: revoked credentials, used nonces, and results of idempotent requests. */

import { unavailable } from '../domain/errors.ts';
import { IDEMPOTENCY_SECONDS, type IdempotencyRecord } from '../domain/idempotency.ts';
import { type Account, isUuid } from '../domain/identifiers.ts';
import type { IdempotencyStore, NonceStore, RevokedCredentialStore } from '../ports/stores.ts';
import { type Attributes, absent, any, compare, type Item, type Table } from '../ports/table.ts';
import { confirmWrite, type StoreOptions } from './calls.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asText,
  asTextThat,
  malformed,
  nameIn,
  nonceKey,
  REQUEST_PREFIX,
  read,
  requestKey,
  revokedKey,
} from './items.ts';

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
      return fromRequestItem(stored, account);
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

/** Throws `internal` when the item is malformed, or another account's. */
export function fromRequestItem(
  item: Item,
  account: Account = read(item, 'account', asQualified),
): IdempotencyRecord {
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

/** `revoke` throws `unavailable` when the table does not answer: then the credential may still be valid. */
export function revokedCredentialStore(options: StoreOptions): RevokedCredentialStore {
  return {
    async revoke(credential, expiresAt) {
      const key = revokedKey(credential);
      const send = (writeId: Attributes) => options.table.put({ ...key, expiresAt, ...writeId });
      await confirmWrite(options, { key, number: 1, send });
    },
  };
}

/** `consume` throws `unavailable` when the table does not answer: a proof that may have been used is not accepted. */
export function nonceStore(options: StoreOptions): NonceStore {
  return {
    async consume(nonce, expiresAt) {
      const key = nonceKey(nonce);
      // An item that has expired but is not deleted yet refuses too: its proof is already too old for another check.
      const send = (writeId: Attributes) => options.table.insert({ ...key, expiresAt, ...writeId });
      return confirmWrite(options, { key, number: 1, send });
    },
  };
}
