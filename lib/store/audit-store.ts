/** The records of acts: added before each act, and read newest first, for their account alone. */

import type { Account } from '../domain/identifiers.ts';
import { toSeconds } from '../domain/time.ts';
import type { AuditEntry, AuditRange, AuditReader, AuditStore } from '../ports/audit.ts';
import { all, any, type Condition, compare, type Item, type Table } from '../ports/table.ts';
import type { StoreOptions } from './calls.ts';
import {
  AUDIT_PREFIX,
  asInteger,
  asQualified,
  asText,
  attributesOf,
  auditKey,
  malformed,
  nameIn,
  partitionOf,
  read,
  readOrNull,
} from './items.ts';

const ID_BYTES = 8;

export interface AuditStoreOptions extends StoreOptions {
  /** How long a record is stored, in seconds. */
  readonly retentionSeconds: number;
}

/** `record` throws `unavailable` when the event could not be stored. */
export function auditStore({ table, randomBytes, retentionSeconds }: AuditStoreOptions): AuditStore {
  return {
    record: async ({ handle, ...event }, nowMs) => {
      const { act, account, subject, uniqueId, group, target, requestId, sourceAddress } = event;
      const id = Buffer.from(randomBytes(ID_BYTES)).toString('hex');
      const expiresAt = toSeconds(nowMs) + retentionSeconds;
      const facts = { account, act, subject, uniqueId, group, target, requestId, sourceAddress, expiresAt };
      await table.put({ ...auditKey(handle, new Date(nowMs).toISOString(), id), ...attributesOf(facts) });
    },
  };
}

/** `list` throws `unavailable` when the table does not answer, `internal` when an item is malformed. */
export function auditReader({ table }: { readonly table: Table }): AuditReader {
  return {
    list: async (account, range) => {
      const { items, next } = await table.query({
        ...{ pk: partitionOf(account), prefix: AUDIT_PREFIX, descending: true, limit: range.limit },
        ...startOf(range),
        ...conditionOf(range),
      });
      const oldest = range.sinceMs === undefined ? '' : positionAt(range.sinceMs);
      const recent = items.filter(({ sk }) => sk >= AUDIT_PREFIX + oldest);
      const entries = recent.filter(item => isOf(item, account, range.now)).map(fromAuditItem);
      const position = next?.slice(AUDIT_PREFIX.length);
      return { entries, next: position !== undefined && position > oldest ? position : undefined };
    },
  };
}

/** Keys begin with the time, so the list begins behind the last that is wanted. `$` sorts behind the `#` of all of them. */
function startOf({ untilMs, after }: AuditRange): { readonly after?: string } {
  const behind = untilMs === undefined ? undefined : `${positionAt(untilMs)}$`;
  const first = after === undefined || (behind !== undefined && behind < after) ? behind : after;
  return first === undefined ? {} : { after: AUDIT_PREFIX + first };
}

function conditionOf({ act, target, subjects }: AuditRange): { readonly where?: Condition } {
  const [subject, ...others] = (subjects ?? []).map(each => compare('subject', '=', each));
  const [first, ...rest] = [
    ...(act === undefined ? [] : [compare('act', '=', act)]),
    ...(target === undefined ? [] : [compare('target', '=', target)]),
    ...(subject === undefined ? [] : [any(subject, ...others)]),
  ];
  return first === undefined ? {} : { where: all(first, ...rest) };
}

function positionAt(ms: number): string {
  return new Date(ms).toISOString();
}

/** A handle is a digest: the record says in full whose it is. One that is past its time may wait to be deleted. */
function isOf(item: Item, account: Account, now: number): boolean {
  const owner = readOrNull(item, 'account', asQualified);
  return (owner === null || owner === account) && read(item, 'expiresAt', asInteger) > now;
}

/** Throws `internal` when the item is malformed. */
export function fromAuditItem(item: Item): AuditEntry {
  const position = nameIn(item, 'sk', AUDIT_PREFIX);
  const at = Date.parse(position.split('#', 1).join(''));
  if (Number.isNaN(at)) throw malformed(item, 'sk');
  return {
    position,
    at: toSeconds(at),
    act: read(item, 'act', asText),
    target: read(item, 'target', asText),
    subject: read(item, 'subject', asText),
    uniqueId: readOrNull(item, 'uniqueId', asText),
    group: readOrNull(item, 'group', asText),
    requestId: read(item, 'requestId', asText),
    sourceAddress: read(item, 'sourceAddress', asText),
  };
}
