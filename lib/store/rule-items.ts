/** Policies and trusts as items. */
import type { Subject } from '../domain/account.ts';
import { isIssuerKey } from '../domain/account.ts';
import type { Policy } from '../domain/policy.ts';
import { isPattern } from '../domain/repository.ts';
import type { Trust } from '../domain/trust.ts';
import { isUuid } from '../domain/uuid.ts';
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
import type { RuleKind } from './rule-reader.ts';

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
