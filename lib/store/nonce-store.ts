/** The proofs that were used, in DynamoDB, each until it would have ended by itself. */

import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { NonceStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { integer, text } from './attributes.ts';
import { confirmWrite, newWriteId, type Table } from './calls.ts';
import { key } from './keys.ts';

/** Throws `unavailable` when DynamoDB does not answer: a proof that may have been used is not accepted. */
export function proofStore({
  client,
  table,
  randomBytes,
}: Table & { readonly randomBytes: RandomBytes }): NonceStore {
  return {
    consume: async (mark, expiresAt) => {
      const at = key(`proof#${mark}`, 'used');
      const lastWrite = newWriteId(randomBytes);
      // An item that has ended but still lies there refuses too: its proof is too old for another check already.
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...at, expiresAt: integer(expiresAt), lastWrite: text(lastWrite) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return confirmWrite({ client, table }, at, lastWrite, client.send(command));
    },
  };
}
