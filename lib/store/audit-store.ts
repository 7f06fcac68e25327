/** What was done, in DynamoDB. A record is only ever added; it ends by its time. */
import { PutItemCommand } from '@aws-sdk/client-dynamodb';
import { toSeconds } from '../domain/time.ts';
import type { AuditStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { orUnavailable } from './answered.ts';
import { integer, text } from './attributes.ts';
import type { Table } from './calls.ts';
import { auditKey } from './keys.ts';

const ID_BYTES = 8;

export interface AuditStoreOptions extends Table {
  readonly randomBytes: RandomBytes;
  /** How long a record is kept, in seconds. */
  readonly retentionSeconds: number;
}

/** `record` throws `unavailable` when the event could not be stored. */
export function auditStore({ client, table, randomBytes, retentionSeconds }: AuditStoreOptions): AuditStore {
  return {
    record: async (event, nowMs) => {
      const id = Buffer.from(randomBytes(ID_BYTES)).toString('hex');
      const Item = {
        ...auditKey(event.handle, new Date(nowMs).toISOString(), id),
        ...(event.account === undefined ? {} : { account: text(event.account) }),
        act: text(event.act),
        subject: text(event.subject),
        ...(event.uniqueId === undefined ? {} : { uniqueId: text(event.uniqueId) }),
        target: text(event.target),
        requestId: text(event.requestId),
        sourceAddress: text(event.sourceAddress),
        expiresAt: integer(toSeconds(nowMs) + retentionSeconds),
      };
      await orUnavailable(client.send(new PutItemCommand({ TableName: table, Item })));
    },
  };
}
