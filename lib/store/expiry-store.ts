/** Everything in the table, page by page, for the cleanup. */

import type { AwsCall } from '../aws/client.ts';
import type { Candidate } from '../domain/hygiene.ts';
import type { Checkpoint, ExpiredRecord, ExpiryStore, HygieneReport, PageBounds } from '../ports/cleanup.ts';
import { conditionHolds, orUnavailable } from './answered.ts';
import { asInteger, asQualified, asText, type Item, integer, read, readOrNull, text } from './attributes.ts';
import { namesIn } from './expressions.ts';
import { CHECKPOINT_KEY, CLAIM, type Key, key, NAMESPACE_PREFIX, nameIn } from './keys.ts';

/** The attributes of a checkpoint; what is undefined is absent. */
export function toCheckpointItem({ cursor, report, reportedAt }: Checkpoint): Item {
  return {
    ...(cursor === undefined ? {} : { cursor: text(cursor) }),
    ...(report === undefined ? {} : { report: text(JSON.stringify(report)) }),
    ...(reportedAt === undefined ? {} : { reportedAt: integer(reportedAt) }),
  };
}

/** The checkpoint in an item; an empty one is that of a table that was never gone through. */
export function fromCheckpointItem(item: Item): Checkpoint {
  const report = readOrNull(item, 'report', asText);
  return {
    cursor: readOrNull(item, 'cursor', asText) ?? undefined,
    report: report === null ? undefined : (JSON.parse(report) as HygieneReport),
    reportedAt: readOrNull(item, 'reportedAt', asInteger) ?? undefined,
  };
}

/** Items that one page looks at: few enough that a run never overshoots its deadline by more than a page. */
const PAGE_ITEMS = 500;

/** Nothing without an end matches: an absent attribute is not less than anything. */
const EXPIRED = '#expiresAt < :cutoff';

/** Of all items only tokens have a hash, and only as long as they are not removed. */
const SIGHTED =
  '(attribute_exists(#hash) AND (attribute_not_exists(#expiresAt) OR #expiresAt <= :until)) OR #state = :released';

const ATTRIBUTES = 'pk, sk, #account, #id, #createdAt, #lastUsedAt, #expiresAt';

export interface ExpiryStoreOptions {
  readonly call: AwsCall;
  readonly table: string;
}

interface ScanAnswer {
  readonly Items?: readonly Item[];
  readonly LastEvaluatedKey?: Item;
}

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function expiryStore({ call, table }: ExpiryStoreOptions): ExpiryStore {
  return {
    page: async (bounds, cursor) => {
      const start = cursor === undefined ? {} : { ExclusiveStartKey: fromCursor(cursor) };
      const input = { TableName: table, Limit: PAGE_ITEMS, ...filterOf(bounds), ...start };
      const { Items: items = [], LastEvaluatedKey: last } = (await orUnavailable(
        call('Scan', input),
      )) as ScanAnswer;
      const [expired, others] = partition(items, item => hasExpired(item, bounds.cutoff));
      return {
        expired: expired.map(toRecord),
        candidates: others.flatMap(sightingIn),
        next: last && toCursor(toRecord(last)),
      };
    },
    removeExpired: ({ pk, sk }, cutoff) =>
      conditionHolds(
        call('DeleteItem', {
          TableName: table,
          Key: key(pk, sk),
          ConditionExpression: EXPIRED,
          ExpressionAttributeNames: namesIn(EXPIRED),
          ExpressionAttributeValues: { ':cutoff': integer(cutoff) },
        }),
      ),
    checkpoint: async () => {
      const input = { TableName: table, Key: CHECKPOINT_KEY, ConsistentRead: true };
      const { Item: item = {} } = (await orUnavailable(call('GetItem', input))) as { Item?: Item };
      return fromCheckpointItem(item);
    },
    saveCheckpoint: async checkpoint => {
      const item = { ...CHECKPOINT_KEY, ...toCheckpointItem(checkpoint) };
      await orUnavailable(call('PutItem', { TableName: table, Item: item }));
    },
  };
}

function filterOf({ cutoff, candidatesUntil }: PageBounds): object {
  const all = candidatesUntil === undefined ? EXPIRED : `${EXPIRED} OR ${SIGHTED}`;
  const sighting =
    candidatesUntil === undefined
      ? {}
      : { ':until': integer(candidatesUntil), ':released': text('released') };
  return {
    ProjectionExpression: ATTRIBUTES,
    FilterExpression: all,
    ExpressionAttributeNames: namesIn(ATTRIBUTES, all),
    ExpressionAttributeValues: { ':cutoff': integer(cutoff), ...sighting },
  };
}

function partition<T>(values: readonly T[], test: (value: T) => boolean): [T[], T[]] {
  return [values.filter(test), values.filter(value => !test(value))];
}

function hasExpired(item: Item, cutoff: number): boolean {
  const expiresAt = readOrNull(item, 'expiresAt', asInteger);
  return expiresAt !== null && expiresAt < cutoff;
}

/** An item that cannot be read keeps nobody from cleaning up the others; whoever uses it is told. */
function sightingIn(item: Item): Candidate[] {
  try {
    return [toSighting(item)];
  } catch {
    return [];
  }
}

function toSighting(item: Item): Candidate {
  const account = read(item, 'account', asQualified);
  if (item.sk?.S === CLAIM) {
    return { kind: 'claim', account, name: nameIn(item, 'pk', NAMESPACE_PREFIX), state: 'released' };
  }
  return {
    kind: 'token',
    account,
    id: read(item, 'id', asText),
    createdAt: read(item, 'createdAt', asInteger),
    lastUsedAt: readOrNull(item, 'lastUsedAt', asInteger),
    expiresAt: readOrNull(item, 'expiresAt', asInteger),
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
