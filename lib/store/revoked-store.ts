/** The credentials that were ended before their time, in DynamoDB. */

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { RevokedCredentialStore } from '../ports/stores.ts';
import { orUnavailable } from './answered.ts';
import { integer } from './attributes.ts';
import type { Table } from './calls.ts';
import { endedKey } from './keys.ts';

/** Throws `unavailable` when DynamoDB does not answer: then the credential may still be good. */
export function endedStore({ client, table }: Table): RevokedCredentialStore {
  return {
    async revoke(credential, expiresAt) {
      const Item = { ...endedKey(credential), expiresAt: integer(expiresAt) };
      await orUnavailable(client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}
