/** What the management routes answer. */
import * as v from 'valibot';
import {
  ACCESS,
  ALL_NAMESPACES,
  AN_HOUR_LATER,
  CREATED,
  flag,
  id,
  member,
  registryToken,
  repositories,
  text,
  timeOrNull,
} from '../members.ts';

const TOKEN = {
  id: id('The identifier of the token.'),
  description: text('What the administrator wrote about it.', 'build farm'),
  access: ACCESS,
  repositories: repositories(ALL_NAMESPACES),
  ...CREATED,
  expiresAt: timeOrNull('When it ends by itself; null: never.', AN_HOUR_LATER),
  lastUsedAt: timeOrNull('When it last logged in, to the hour; null: not yet.', null),
  disabled: flag('Whether no login succeeds with it.'),
  retrievable: flag('Whether its value can be shown again.'),
};
const VALUE = registryToken('The value: the password of `docker login -u token`.');

const Token = v.strictObject(TOKEN);
const IssuedToken = v.strictObject({ ...TOKEN, token: VALUE });
const TokenValue = v.strictObject({ id: TOKEN.id, token: VALUE });
const TokenList = v.strictObject({
  tokens: v.array(Token),
  nextCursor: member(v.nullable(v.string()), 'The `cursor` of the next page; null: this is the last.', null),
});

const Namespace = v.strictObject({
  name: text('The first segment of the names of its repositories.', 'team-a'),
});
const NamespaceList = v.strictObject({ namespaces: v.array(Namespace) });

const ROLE = member(
  v.picklist(['reader', 'writer', 'manager', 'administrator']),
  'reader: pull; writer: pull, push; manager: pull, push, delete; administrator: all of it, and managing the account.',
  'writer',
);
const Policy = v.strictObject({
  id: id('The identifier of the policy.'),
  subject: text(
    'Whom it is for: an IAM id with its issuer, or `*` for every identity of the account.',
    'corp:bob',
  ),
  role: ROLE,
  repositories: repositories(ALL_NAMESPACES),
  ...CREATED,
});
const PolicyList = v.strictObject({ policies: v.array(Policy) });

const Trust = v.strictObject({
  id: id('The identifier of the trust.'),
  issuer: text('The key of the build platform in the configuration.', 'github'),
  claims: member(
    v.record(v.string(), v.string()),
    'The claims that the token of a workload must have, with exactly these values.',
    { repository_id: '74', repository_owner_id: '65' },
  ),
  access: ACCESS,
  repositories: repositories(ALL_NAMESPACES),
  lifetimeSeconds: member(
    v.pipe(v.number(), v.integer()),
    'How long what the workload gets lives at most, in seconds.',
    3600,
  ),
  ...CREATED,
});
const TrustList = v.strictObject({ trusts: v.array(Trust) });

const HeldRole = v.strictObject({
  role: ROLE,
  repositories: repositories(ALL_NAMESPACES),
  source: member(
    v.union([v.literal('configuration'), v.strictObject({ policy: id('The policy that gives it.') })]),
    'What gives the role: the configuration of the deployment, or a policy.',
  ),
});
const Identity = v.strictObject({
  kind: member(
    v.picklist(['iambearer', 'iamapikey', 'iamrefresh', 'awsiam']),
    'The kind of proof that was presented.',
    'iamapikey',
  ),
  issuer: text('The key of the issuer that vouches for the caller.', 'corp'),
  account: text('The account of the caller, with its issuer.', 'corp:acme'),
  subject: text('Who the caller is, with its issuer.', 'corp:alice'),
  strength: member(
    v.picklist(['strong', 'weak']),
    'weak: the proof was made for nobody in particular, and whoever saw it could use it here.',
    'strong',
  ),
  expiresAt: timeOrNull('When the proof ends; null: not by itself.', AN_HOUR_LATER),
  roles: member(v.array(HeldRole), 'Every role of the caller in its account.'),
  workloadAudience: text(
    'The audience that a workload writes into its token to log in for this account.',
    'https://pullpass.example/accounts/0123456789abcdef',
  ),
});

export const MANAGEMENT_ANSWERS = {
  Token,
  IssuedToken,
  TokenValue,
  TokenList,
  Namespace,
  NamespaceList,
  Policy,
  PolicyList,
  Trust,
  TrustList,
  HeldRole,
  Identity,
} satisfies Record<string, v.GenericSchema>;
