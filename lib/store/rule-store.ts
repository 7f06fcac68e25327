/** The rules of an account, its policies or its trusts: written once, listed, deleted. */
import { type Account, accountHandle, isIssuerKey, type Subject } from '../domain/account.ts';
import { isUuid } from '../domain/identifiers.ts';
import { MAX_RULES, type Policy } from '../domain/policy.ts';
import { isPattern } from '../domain/repository.ts';
import type { Trust } from '../domain/trust.ts';
import type { RuleStore } from '../ports/stores.ts';
import { type Attributes, absent, compare, type Item, type Key } from '../ports/table.ts';
import { confirmWrite, newWriteId, queryAll, type StoreOptions } from './calls.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asTextsByName,
  asTextsThat,
  asTextThat,
  attributesOf,
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
}

/**
 * Every method throws `unavailable` when the table does not answer, `internal` when an item is malformed. A rule counts
 * only for the account whose handle is in its key.
 */
export function ruleStore<R extends { readonly account: Account; readonly id: string }>(
  { table, randomBytes }: StoreOptions,
  { prefix, toAttributes, fromItem }: RuleKind<R>,
): RuleStore<R> {
  const keyOf = (account: Account, id: string): Key => ({ pk: partitionOf(account), sk: prefix + id });
  const list = async (handle: string) => {
    const items = await queryAll(table, { pk: partition(handle), prefix });
    return items.map(fromItem).filter(({ account }) => accountHandle(account) === handle);
  };
  return {
    list,
    add: async rule => {
      if ((await list(accountHandle(rule.account))).length >= MAX_RULES) return false;
      const key = keyOf(rule.account, rule.id);
      const writeId = newWriteId(randomBytes);
      const done = table.put({ ...key, ...toAttributes(rule), lastWrite: writeId }, absent('pk'));
      return confirmWrite(table, { key, writeId, done });
    },
    remove: (account, id) => table.delete(keyOf(account, id), compare('account', '=', account)),
  };
}

export const POLICY: RuleKind<Policy> = {
  prefix: 'policy#',
  toAttributes: ({ subject, role, ...facts }) => ({ ...toCommonAttributes(facts), subject, role }),
  fromItem: item => ({
    ...fromCommonItem(item),
    subject: read<Subject | '*'>(item, 'subject', value => (value === '*' ? value : asQualified(value))),
    role: read(item, 'role', asOneOf('reader', 'writer', 'manager', 'administrator')),
  }),
};

export const TRUST: RuleKind<Trust> = {
  prefix: 'trust#',
  toAttributes: ({ issuer, claims, access, lifetimeSeconds, ...facts }) => ({
    ...toCommonAttributes(facts),
    ...{ issuer, claims, access, lifetimeSeconds },
  }),
  fromItem: item => ({
    ...fromCommonItem(item),
    issuer: read(item, 'issuer', asTextThat(isIssuerKey)),
    claims: read(item, 'claims', asTextsByName),
    access: read(item, 'access', asOneOf('pull', 'push')),
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
