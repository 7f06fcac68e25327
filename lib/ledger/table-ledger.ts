import type { AwsCall } from '../aws/client.ts';
import { retainedUntil } from '../domain/revocation.ts';
import type { Ledger } from '../ports/ledger.ts';
import { orUnavailable } from './answered.ts';
import { dayAfter, dayOf, firstDay, formatEntry, parseEntry } from './entry.ts';

/** A table, and how it is reached. */
export interface TableAt {
  readonly call: AwsCall;
  readonly table: string;
}

interface QueryAnswer {
  readonly Items?: readonly { readonly sk: { readonly S: string }; readonly entry: { readonly S: string } }[];
  readonly LastEvaluatedKey?: object;
}

const PARTITION = 'ledger#';
const PAGE_ENTRIES = 500;

/** Both methods throw `unavailable` when DynamoDB does not answer, `entries` also `internal` for a malformed entry. */
export function tableLedger({ call, table }: TableAt): Ledger {
  return {
    append: async entry => {
      const input = {
        TableName: table,
        Item: {
          pk: { S: PARTITION + dayOf(entry.at) },
          sk: { S: entry.id },
          entry: { S: formatEntry(entry) },
          expiresAt: { N: String(retainedUntil(entry)) },
        },
        ConditionExpression: 'attribute_not_exists(pk)',
      };
      // An id that is taken is that of the same entry: the attempt before was carried out, and only its answer lost.
      await orUnavailable(call('PutItem', input), 'ConditionalCheckFailedException');
    },
    entries: async (span, from) => {
      const [day = firstDay(span), after] = from?.split('/') ?? [];
      const page = (await orUnavailable(call('Query', queryOf(table, day, after)))) as QueryAnswer;
      const items = page.Items ?? [];
      const last = items.at(-1)?.sk.S;
      const isWhole = page.LastEvaluatedKey === undefined || last === undefined;
      return {
        entries: items.map(({ entry }) => parseEntry(entry.S)).filter(({ at }) => at >= span.sinceMs),
        next: isWhole ? dayAfter(day, span.nowMs) : `${day}/${last}`,
      };
    },
  };
}

function queryOf(table: string, day: string, after = ''): object {
  return {
    TableName: table,
    ConsistentRead: true,
    Limit: PAGE_ENTRIES,
    KeyConditionExpression: 'pk = :pk AND sk > :after',
    // A sort key is never empty, and a blank comes before every id.
    ExpressionAttributeValues: { ':pk': { S: PARTITION + day }, ':after': { S: after === '' ? ' ' : after } },
  };
}
