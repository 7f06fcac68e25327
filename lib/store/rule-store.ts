/** The rules of an account, its policies or its trusts: written once, listed, removed. */

import { type Account, accountHandle, isIssuerKey, isUuid, type Subject } from '../domain/identifiers.ts';
import { MAX_RULE_BYTES, MAX_RULES, type Policy } from '../domain/policy.ts';
import { isPattern } from '../domain/repository.ts';
import { HOUR_SECONDS } from '../domain/time.ts';
import type { Trust } from '../domain/trust.ts';
import type { RuleFilter, RuleStore } from '../ports/stores.ts';
import { type Attributes, absent, all, compare, type Item, type Key, type Table } from '../ports/table.ts';
import { confirmWrite, queryAll, type StoreOptions } from './calls.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asTexts,
  asTextsByName,
  asTextsThat,
  asTextThat,
  attributesOf,
  isTombstone,
  partition,
  partitionOf,
  read,
  readOrNull,
} from './items.ts';

/** How a kind of rule is stored. */
export interface RuleKind<R> {
  /** What the sort keys of the kind begin with. */
  readonly prefix: string;
  readonly toAttributes: (rule: R) => Attributes;
  /** Throws `internal` when the item is malformed. */
  readonly fromItem: (item: Item) => R;
  /** What a tombstone says in the rule's own words: a reader that takes it for a rule grants nothing. */
  readonly nothing: Attributes;
}

/** A tombstone outlives every request that could still be repeated to add or to remove the rule. */
const TOMBSTONE_SECONDS = HOUR_SECONDS;

/**
 * Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. A rule counts
 * only for the account whose handle is in its key.
 */
export function ruleStore<R extends Pick<Policy, 'account' | 'createdAt' | 'id'>>(
  options: StoreOptions,
  { prefix, toAttributes, fromItem, nothing }: RuleKind<R>,
): RuleStore<R> {
  const { table } = options;
  const keyOf = (account: Account, id: string): Key => ({ pk: partitionOf(account), sk: prefix + id });
  return {
    list: async (handle, where = {}) => {
      const items = await queryAll(table, { pk: partition(handle), prefix });
      // Before they are parsed: a login pays for the rules that may be its own, and no others.
      const wanted = items.filter(item => !isTombstone(item) && matches(item, where));
      const rules = wanted.map(fromItem);
      return rules.filter(({ account }) => accountHandle(account) === handle);
    },
    add: async rule => {
      const items = await queryAll(table, { pk: partitionOf(rule.account), prefix });
      const tombstones = items.filter(isTombstone);
      const recent = await withoutExpired(table, tombstones, rule.createdAt);
      const current = items.filter(item => !isTombstone(item));
      // Every login reads tombstones too, so they are bounded as the rules are.
      if (current.length >= MAX_RULES || recent.length >= MAX_RULES) return false;
      const sizes = [toAttributes(rule), ...current, ...recent].map(sizeOf);
      if (sizes.reduce((sum, size) => sum + size, 0) > MAX_RULE_BYTES) return false;
      const key = keyOf(rule.account, rule.id);
      const send = (writeId: Attributes) =>
        table.put({ ...key, ...toAttributes(rule), ...writeId }, absent('pk'));
      return confirmWrite(options, { key, number: 1, send });
    },
    remove: async (account, id, now) => {
      const key = keyOf(account, id);
      const set = { ...nothing, removedAt: now, expiresAt: now + TOMBSTONE_SECONDS };
      const isOwn = all(compare('account', '=', account), absent('removedAt'));
      const send = (writeId: Attributes) => table.update(key, { set: { ...set, ...writeId } }, isOwn);
      return confirmWrite(options, { key, number: 2, send });
    },
  };
}

function matches<R>(item: Item, where: RuleFilter<R>): boolean {
  return Object.entries(where).every(([name, values]) =>
    (values as { includes(value: unknown): boolean }).includes(item[name]),
  );
}

/** What an administrator makes as large as they like; everything else of a rule is bounded by itself. */
function sizeOf({ repositories = null, claims = null, networks = null }: Attributes | Item): number {
  return Buffer.byteLength(JSON.stringify([repositories, claims, networks]));
}

/** Deletes the tombstones that have expired; answers the others. */
async function withoutExpired(table: Table, tombstones: readonly Item[], now: number): Promise<Item[]> {
  const hasExpired = ({ expiresAt }: Item) => typeof expiresAt === 'number' && expiresAt <= now;
  for (const { pk, sk } of tombstones.filter(hasExpired)) {
    await table.delete({ pk, sk }, compare('expiresAt', '<=', now));
  }
  return tombstones.filter(item => !hasExpired(item));
}

export const POLICY: RuleKind<Policy> = {
  prefix: 'policy#',
  nothing: { repositories: [], role: 'reader' },
  toAttributes: ({ subject, role, ...facts }) => ({ ...toCommonAttributes(facts), subject, role }),
  fromItem: item => ({
    ...fromCommonItem(item),
    subject: read<Subject | '*'>(item, 'subject', value => (value === '*' ? value : asQualified(value))),
    role: read(item, 'role', asOneOf('reader', 'writer', 'manager', 'administrator')),
  }),
};

export const TRUST: RuleKind<Trust> = {
  prefix: 'trust#',
  nothing: { repositories: [] },
  toAttributes: ({ issuer, claims, access, networks, lifetimeSeconds, ...facts }) => ({
    ...toCommonAttributes(facts),
    ...{ issuer, claims, access, lifetimeSeconds },
    ...attributesOf({ networks }),
  }),
  fromItem: item => ({
    ...fromCommonItem(item),
    issuer: read(item, 'issuer', asTextThat(isIssuerKey)),
    claims: read(item, 'claims', asTextsByName),
    access: read(item, 'access', asOneOf('pull', 'push')),
    networks: readOrNull(item, 'networks', asTexts),
    lifetimeSeconds: read(item, 'lifetimeSeconds', asInteger),
  }),
};

type Common = Pick<Policy, 'account' | 'id' | 'repositories' | 'createdAt' | 'createdBy'>;

function toCommonAttributes({ account, id, repositories, createdAt, createdBy }: Common): Attributes {
  return attributesOf({ account, id, repositories, createdAt, createdBy });
}

function fromCommonItem(item: Item): Common {
  return {
    account: read(item, 'account', asQualified),
    id: read(item, 'id', asTextThat(isUuid)),
    repositories: readOrNull(item, 'repositories', asTextsThat(isPattern)),
    createdAt: read(item, 'createdAt', asInteger),
    createdBy: read(item, 'createdBy', asQualified),
  };
}
