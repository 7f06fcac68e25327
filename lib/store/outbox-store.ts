/** Events about tokens that wait to be sent, and by what the item of a token tells that their act has happened. */

import { accountHandle } from '../domain/identifiers.ts';
import { type CloudEvent, EXPIRY_NOTICES, type NoticeType } from '../domain/notice.ts';
import { DAY_SECONDS, toRfc3339 } from '../domain/time.ts';
import type { TokenRecord } from '../domain/token-record.ts';
import type { DueEntry, Outbox, OutboxEntry, Outcome } from '../ports/notices.ts';
import { type Attributes, absent, type Item, type Key, type Table, type Value } from '../ports/table.ts';
import {
  announcedKey,
  asInteger,
  asOneOf,
  asText,
  attributesOf,
  OUTBOX,
  read,
  readOrNull,
  tokenKey,
} from './items.ts';
import { fromTokenItem } from './token-items.ts';

const PAGE_ITEMS = 50;
/** One read takes so many keys. */
const MAX_KEYS = 100;

/** Far longer than any event is tried. */
const STORED_SECONDS = 30 * DAY_SECONDS;

/** The items of tokens remember so many events, each in the attribute of its version. */
const REMEMBERED = 8;

/** Every method throws `unavailable` when the table does not answer. */
export function outboxStore({ table }: { readonly table: Table }): Outbox {
  return {
    prepare: async entry => {
      await table.put({ ...keyOf(entry), ...toAttributes(entry) });
    },
    remove: async entry => {
      await table.delete(keyOf(entry));
    },
    due: async (now, after) => {
      const page = await table.query({ pk: OUTBOX, prefix: '', limit: PAGE_ITEMS, after });
      // Keys begin with the time, so the first that is not due yet ends the list.
      const end = page.items.findIndex(({ sk }) => isToCome(sk, now));
      const rest = end === -1 ? page : await farAhead(table, now);
      const items = end === -1 ? page.items : [...page.items.slice(0, end), ...rest.items];
      const due = items.filter(item => isDue(item, now));
      return { entries: await withTokens(table, due.map(fromOutboxItem)), next: rest.next };
    },
    schedule: async entries => {
      for (let from = 0; from < entries.length; from += MAX_KEYS) {
        await scheduleSome(table, entries.slice(from, from + MAX_KEYS));
      }
    },
  };
}

/** What marks a token with the event in the write of its act. */
export function markOf({ id, expects }: OutboxEntry): Attributes {
  return { [`notice${expects % REMEMBERED}`]: `${expects} ${id}` };
}

/** The entry before what remembers it: after a crash in between it is stored again, and sent again under the same id. */
async function scheduleSome(table: Table, entries: readonly OutboxEntry[]): Promise<void> {
  const known = await table.batchGet(entries.map(({ id }) => announcedKey(id)));
  const ids = new Set(known.map(({ sk }) => sk));
  for (const entry of entries.filter(({ id }) => !ids.has(id))) {
    await table.put({ ...keyOf(entry), ...toAttributes(entry) }, absent('pk'));
    await table.put({ ...announcedKey(entry.id), expiresAt: entry.expects + DAY_SECONDS });
  }
}

async function withTokens(table: Table, entries: readonly OutboxEntry[]): Promise<DueEntry[]> {
  const keys = new Map(
    entries.map(({ token }) => [tokenKey(token).pk + tokenKey(token).sk, tokenKey(token)]),
  );
  const items = keys.size === 0 ? [] : await table.batchGet([...keys.values()]);
  return entries.map(entry => {
    const { pk, sk } = tokenKey(entry.token);
    const item = items.find(each => each.pk === pk && each.sk === sk);
    return { ...entry, outcome: outcomeOf(entry, item), record: recordIn(entry, item) };
  });
}

/** A record counts only for the account whose handle is in its key. A malformed one does not stop the events of others. */
function recordIn({ token }: OutboxEntry, item: Item | undefined): TokenRecord | undefined {
  try {
    const record = item && fromTokenItem(item);
    return record && accountHandle(record.account) === token.handle ? record : undefined;
  } catch {
    return undefined;
  }
}

function outcomeOf(entry: OutboxEntry, item: Item | undefined): Outcome {
  if (entry.type === 'token.expiring') {
    const record = recordIn(entry, item);
    return record?.expiresAt === entry.expects && record.disabled === null ? 'happened' : 'not-happened';
  }
  if (item === undefined) return 'unknown';
  const [[name, mark] = []] = Object.entries(markOf(entry));
  const found = name === undefined ? null : readOrNull(item, name, asText);
  if (found === mark) return 'happened';
  const version = Number((found ?? '0').split(' ', 1));
  return version > entry.expects ? 'unknown' : 'not-happened';
}

function keyOf({ dueAt, id }: OutboxEntry): Key {
  return { pk: OUTBOX, sk: `${toRfc3339(dueAt)}#${id}` };
}

/** Whether it will be due, and could be scheduled by now. */
function isToCome(sk: string, now: number): boolean {
  return sk >= behind(now) && sk < behind(now + EXPIRY_NOTICES.aheadSeconds);
}

/** An act that a clock which was ahead has stored far ahead is over; the end of a token is still to come. */
function isDue({ sk, event }: Item, now: number): boolean {
  return sk < behind(now) || event !== undefined;
}

function farAhead(table: Table, now: number): ReturnType<Table['query']> {
  const after = behind(now + EXPIRY_NOTICES.aheadSeconds);
  return table.query({ pk: OUTBOX, prefix: '', limit: PAGE_ITEMS, after });
}

/** `$` sorts behind the `#` of all that are due in that second. */
function behind(now: number): string {
  return `${toRfc3339(now)}$`;
}

function toAttributes({ id, type, token, dueAt, event, expects }: OutboxEntry): Attributes {
  const text = event && JSON.stringify(event);
  // Where no one sends any more, they do not stay for ever.
  const expiresAt = Math.max(dueAt, event === null ? expects : 0) + STORED_SECONDS;
  return attributesOf({
    id,
    type,
    handle: token.handle,
    token: token.id,
    dueAt,
    event: text,
    expects,
    expiresAt,
  });
}

const TYPES: readonly NoticeType[] = ['token.disabled', 'token.expiring', 'token.revoked', 'token.rotated'];

function asEvent(value: Value): CloudEvent | undefined {
  try {
    return typeof value === 'string' ? (JSON.parse(value) as CloudEvent) : undefined;
  } catch {
    return undefined;
  }
}

/** Throws `internal` when the item is malformed. */
export function fromOutboxItem(item: Item): OutboxEntry {
  return {
    id: read(item, 'id', asText),
    type: read(item, 'type', asOneOf(...TYPES)),
    token: { handle: read(item, 'handle', asText), id: read(item, 'token', asText) },
    dueAt: read(item, 'dueAt', asInteger),
    event: readOrNull(item, 'event', asEvent),
    expects: read(item, 'expects', asInteger),
  };
}
