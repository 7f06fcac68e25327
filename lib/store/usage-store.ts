/** The daily counters of pulls, in a partition of their own for each account: the registry proxy may write there and nowhere else. */
import { hash } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { isUuid } from '../domain/identifiers.ts';
import { isRepository } from '../domain/repository.ts';
import { dayOf, isDay, startOf } from '../domain/time.ts';
import {
  type Counter,
  type CounterName,
  USAGE_DAYS,
  type UsageRange,
  type UsageStore,
} from '../ports/stores.ts';
import {
  type Attributes,
  absent,
  all,
  any,
  compare,
  type Item,
  type Key,
  type QueryRange,
} from '../ports/table.ts';
import type { StoreOptions } from './calls.ts';
import { asInteger, limitKey, malformed, read, usageKey, usagePartition } from './items.ts';

const WRITE_ID_BYTES = 16;
/** How many reported events an instance remembers. */
const REMEMBERED_EVENTS = 10_000;
/** A counter remembers its last writes, one in each of the attributes `write0` to `write7`. */
const REMEMBERED_WRITES = 8;

/** Both methods throw `unavailable` when the table does not answer; `list` throws `internal` when an item is malformed. */
export function usageStore(options: StoreOptions): UsageStore {
  const { table } = options;
  const counted = new LRUCache<string, true>({ max: REMEMBERED_EVENTS });
  return {
    count: async ({ handle, token, repository, pullsPerDay, event }, now) => {
      const name = event && JSON.stringify([handle, event]);
      if (name !== undefined && counted.has(name)) return true;
      const day = dayOf(now);
      const expiresAt = startOf(day, USAGE_DAYS + 1);
      if (pullsPerDay !== null) {
        const key = limitKey(handle, { day, token });
        if (!(await add(options, { key, set: { expiresAt }, most: pullsPerDay }))) return false;
      }
      const key = usageKey(handle, { day, token, repository });
      const isCounted = await add(options, { key, event, set: { token, repository, expiresAt } });
      if (name !== undefined) counted.set(name, true);
      return isCounted;
    },
    list: async (handle, range) => {
      const page = await table.query(toQuery(handle, range));
      const counters = page.items.map(fromCounterItem).filter(({ day }) => day >= range.from);
      const next =
        page.next === undefined ? undefined : nameIn({ pk: usagePartition(handle), sk: page.next });
      return { counters, next: next !== undefined && next.day >= range.from ? next : undefined };
    },
  };
}

interface Addition {
  readonly key: Key;
  readonly set: Attributes;
  /** Absent: any number. */
  readonly most?: number;
  /** Undefined: it is new. */
  readonly event?: string | undefined;
}

/** Adds one pull. False: the limit is reached. */
async function add(
  { table, randomBytes }: StoreOptions,
  { key, set, most, event }: Addition,
): Promise<boolean> {
  const [slot = 0, ...id] =
    event === undefined
      ? randomBytes(1 + WRITE_ID_BYTES)
      : hash('sha256', event, 'buffer').subarray(0, 1 + WRITE_ID_BYTES);
  const attribute = `write${slot % REMEMBERED_WRITES}`;
  const write = Buffer.from(id).toString('base64url');
  const isNew = any(absent(attribute), compare(attribute, '<', write), compare(attribute, '>', write));
  const isBelow = most === undefined ? [] : [any(absent('pulls'), compare('pulls', '<', most))];
  const change = { add: { pulls: 1 }, set: { ...set, [attribute]: write } };
  if (await table.update(key, change, all(isNew, ...isBelow))) return true;
  // An update without an answer was sent again, and the first had been applied.
  return most === undefined || (await table.get(key))?.[attribute] === write;
}

/** From the latest day back: sort keys begin with the day. */
function toQuery(handle: string, { to, token, repository, after, limit }: UsageRange): QueryRange {
  const pk = usagePartition(handle);
  const [afterTo, behind] = [`${to}$`, after && usageKey(handle, after).sk];
  const conditions = [
    ...(token === undefined ? [] : [compare('token', '=', token)]),
    ...(repository === undefined ? [] : [compare('repository', '=', repository)]),
  ];
  const [first, ...others] = conditions;
  return {
    ...{ pk, prefix: '', descending: true, limit },
    after: behind !== undefined && behind < afterTo ? behind : afterTo,
    ...(first === undefined ? {} : { where: all(first, ...others) }),
  };
}

/** Throws `internal` when the item is malformed. */
export function fromCounterItem(item: Item): Counter {
  return { ...nameIn(item), pulls: read(item, 'pulls', asInteger) };
}

function nameIn(item: Item): CounterName {
  const [day = '', token = '', repository = '', ...others] = item.sk.split('#');
  if (others.length > 0 || !isDay(day) || !isUuid(token) || !isRepository(repository)) {
    throw malformed(item, 'sk');
  }
  return { day, token, repository };
}
