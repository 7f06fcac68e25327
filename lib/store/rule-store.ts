/** The rules of an account, its policies or its trusts: written once, listed, deleted. */

import { DeleteItemCommand, PutItemCommand, QueryCommand } from '@aws-sdk/client-dynamodb';
import { type Account, accountHandle, isIssuerKey, type Subject } from '../domain/account.ts';
import { MAX_RULES, type Policy } from '../domain/policy.ts';
import { isPattern } from '../domain/repository.ts';
import type { Trust } from '../domain/trust.ts';
import { isUuid } from '../domain/uuid.ts';
import type { RuleStore } from '../ports/stores.ts';
import type { RandomBytes } from '../ports/system.ts';
import { conditionHolds } from './answered.ts';
import {
  asInteger,
  asOneOf,
  asQualified,
  asTextsByName,
  asTextsThat,
  asTextThat,
  type Item,
  integer,
  read,
  readOrNull,
  text,
  texts,
  textsByName,
} from './attributes.ts';
import { confirmWrite, newWriteId, type Table } from './calls.ts';
import { key, partition } from './keys.ts';
import { allItems, type Query } from './query.ts';

type Common = Pick<Policy, 'account' | 'id' | 'repositories' | 'createdAt' | 'createdBy'>;

function toCommonItem({ account, id, repositories, createdAt, createdBy }: Common): Item {
  return {
    account: text(account),
    id: text(id),
    ...(repositories === null ? {} : { repositories: texts(repositories) }),
    createdAt: integer(createdAt),
    createdBy: text(createdBy),
  };
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

export const POLICY: RuleKind<Policy> = {
  prefix: 'policy#',
  toItem: policy => ({ ...toCommonItem(policy), subject: text(policy.subject), role: text(policy.role) }),
  fromItem: item => ({
    ...fromCommonItem(item),
    subject: read<Subject | '*'>(item, 'subject', value => (value.S === '*' ? value.S : asQualified(value))),
    role: read(item, 'role', asOneOf('reader', 'writer', 'manager', 'administrator')),
  }),
};

export const TRUST: RuleKind<Trust> = {
  prefix: 'trust#',
  toItem: trust => ({
    ...toCommonItem(trust),
    issuer: text(trust.issuer),
    claims: textsByName(trust.claims),
    access: text(trust.access),
    lifetimeSeconds: integer(trust.lifetimeSeconds),
  }),
  fromItem: item => ({
    ...fromCommonItem(item),
    issuer: read(item, 'issuer', asTextThat(isIssuerKey)),
    claims: read(item, 'claims', asTextsByName),
    access: read(item, 'access', asOneOf('pull', 'push')),
    lifetimeSeconds: read(item, 'lifetimeSeconds', asInteger),
  }),
};

/** How a kind of rule is stored. */
export interface RuleKind<R> {
  /** What the sort keys of the kind begin with. */
  readonly prefix: string;
  readonly toItem: (rule: R) => Item;
  /** Throws `internal` when the item is malformed. */
  readonly fromItem: (item: Item) => R;
}

/**
 * Throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. A rule speaks only for the
 * account whose handle its key holds.
 */
export function ruleReader<R extends { readonly account: Account; readonly id: string }>(
  { query, table }: { readonly query: Query; readonly table: string },
  { prefix, fromItem }: RuleKind<R>,
): Pick<RuleStore<R>, 'list'> {
  return {
    async list(handle) {
      const items = await allItems(query, table, { pk: partition(handle), prefix });
      return items.map(fromItem).filter(({ account }) => accountHandle(account) === handle);
    },
  };
}

/** Every method throws `unavailable` when DynamoDB does not answer, `internal` when an item is malformed. */
export function ruleStore<R extends { readonly account: Account; readonly id: string }>(
  options: Table & { readonly randomBytes: RandomBytes },
  kind: RuleKind<R>,
): RuleStore<R> {
  const { client, table, randomBytes } = options;
  const keyOf = (account: Account, id: string) => key(partition(accountHandle(account)), kind.prefix + id);
  const { list } = ruleReader({ query: input => client.send(new QueryCommand(input)), table }, kind);
  return {
    list,
    add: async rule => {
      if ((await list(accountHandle(rule.account))).length >= MAX_RULES) return false;
      const at = keyOf(rule.account, rule.id);
      const lastWrite = newWriteId(randomBytes);
      const command = new PutItemCommand({
        TableName: table,
        Item: { ...at, ...kind.toItem(rule), lastWrite: text(lastWrite) },
        ConditionExpression: 'attribute_not_exists(pk)',
      });
      return confirmWrite(options, at, lastWrite, client.send(command));
    },
    remove: async (account, id) => {
      const command = new DeleteItemCommand({
        TableName: table,
        Key: keyOf(account, id),
        ConditionExpression: '#account = :account',
        ExpressionAttributeNames: { '#account': 'account' },
        ExpressionAttributeValues: { ':account': text(account) },
      });
      return conditionHolds(client.send(command));
    },
  };
}
