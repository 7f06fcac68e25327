/** What is remembered only until it would have ended by itself: revoked credentials, and nonces that were used. */

import type { NonceStore, RevokedCredentialStore } from '../ports/stores.ts';
import { absent } from '../ports/table.ts';
import { confirmWrite, newWriteId, type StoreOptions } from './calls.ts';
import { nonceKey, revokedKey } from './keys.ts';

/** `revoke` throws `unavailable` when the table does not answer: then the credential may still be valid. */
export function revokedCredentialStore({ table }: Pick<StoreOptions, 'table'>): RevokedCredentialStore {
  return {
    async revoke(credential, expiresAt) {
      await table.put({ ...revokedKey(credential), expiresAt });
    },
  };
}

/** `consume` throws `unavailable` when the table does not answer: a proof that may have been used is not accepted. */
export function nonceStore({ table, randomBytes }: StoreOptions): NonceStore {
  return {
    async consume(nonce, expiresAt) {
      const key = nonceKey(nonce);
      const writeId = newWriteId(randomBytes);
      // An item that has expired but is not deleted yet refuses too: its proof is already too old for another check.
      const done = table.put({ ...key, expiresAt, lastWrite: writeId }, absent('pk'));
      return confirmWrite(table, { key, writeId, done });
    },
  };
}
