/** The items that have expired, wherever they lie: found by a Scan, because no account knows of another's. */
import { DeleteItemCommand, PutItemCommand, ScanCommand } from '@aws-sdk/client-dynamodb';
import type { ExpiredRecord, ExpiryStore } from '../ports.ts';
import { answered } from './answered.ts';
import { asText, type Item, integer, read, text } from './attributes.ts';
import { conditionHolds, readItem, type Table } from './calls.ts';
import { CHECKPOINT_KEY, type Key, key } from './keys.ts';

/** Items that one page looks at: few enough that a run never overshoots its deadline by more than a page. */
const PAGE_ITEMS = 500;
/** Nothing without an end matches: an absent attribute is not less than anything. */
const EXPIRED = 'expiresAt < :cutoff';

/** Every method throws `unavailable` when DynamoDB does not answer. */
export function expiryStore({ client, table }: Table): ExpiryStore {
  return {
    expired: async (cutoff, cursor) => {
      const command = new ScanCommand({
        TableName: table,
        Limit: PAGE_ITEMS,
        ProjectionExpression: 'pk, sk',
        FilterExpression: EXPIRED,
        ExpressionAttributeValues: { ':cutoff': integer(cutoff) },
        ...(cursor === undefined ? {} : { ExclusiveStartKey: fromCursor(cursor) }),
      });
      const { Items: items = [], LastEvaluatedKey: last } = await answered(client.send(command));
      return {
        records: items.map(toRecord),
        ...(last === undefined ? {} : { next: toCursor(toRecord(last)) }),
      };
    },
    removeExpired: ({ pk, sk }, cutoff) =>
      conditionHolds(
        client.send(
          new DeleteItemCommand({
            TableName: table,
            Key: key(pk, sk),
            ConditionExpression: EXPIRED,
            ExpressionAttributeValues: { ':cutoff': integer(cutoff) },
          }),
        ),
      ),
    checkpoint: async () => (await readItem({ client, table }, CHECKPOINT_KEY))?.cursor?.S,
    saveCheckpoint: async cursor => {
      const call =
        cursor === undefined
          ? client.send(new DeleteItemCommand({ TableName: table, Key: CHECKPOINT_KEY }))
          : client.send(
              new PutItemCommand({ TableName: table, Item: { ...CHECKPOINT_KEY, cursor: text(cursor) } }),
            );
      await answered<unknown>(call);
    },
  };
}

function toRecord(item: Item): ExpiredRecord {
  return { pk: read(item, 'pk', asText), sk: read(item, 'sk', asText) };
}

function toCursor({ pk, sk }: ExpiredRecord): string {
  return Buffer.from(JSON.stringify([pk, sk])).toString('base64url');
}

function fromCursor(cursor: string): Key {
  const [pk, sk] = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as [string, string];
  return key(pk, sk);
}
