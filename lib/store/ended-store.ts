/** The credentials that were ended before their time, in DynamoDB. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { EndedCredentialStore } from '../ports.ts';
import { answered } from './answered.ts';
import { integer } from './attributes.ts';
import type { Table } from './calls.ts';
import { endedKey } from './keys.ts';

/** Throws `unavailable` when DynamoDB does not answer: then the credential may still be good. */
export function endedStore({ client, table }: Table): EndedCredentialStore {
  return {
    async end(credential, expiresAt) {
      const Item = { ...endedKey(credential), expiresAt: integer(expiresAt) };
      await answered(client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}
