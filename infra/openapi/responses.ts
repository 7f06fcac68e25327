/** What the members of the management answers mean. */
import * as api from '../../lib/api/responses.ts';
import { component } from './component.ts';
import {
  A_REQUEST_ID,
  A_TOKEN,
  ACCESS,
  AN_HOUR_LATER,
  AN_ID,
  CREATED,
  PATTERNS,
  ROLE,
  TIME,
} from './words.ts';

const UUID = 'A UUID of version 7.';
const REPOSITORIES = `${PATTERNS} null: every repository in the namespaces of the account.`;
const WORDS_OF_CREATION = {
  createdAt: `When it was added. ${TIME}`,
  createdBy: 'The subject that added it, with its issuer.',
};

const LAST_USED = 'The last use of this value, to the hour; null: not yet, or before this was recorded.';
const USE = {
  at: `When. ${TIME}`,
  address: 'From which address; null: unknown.',
  client: 'What the client said that it is: its User-Agent, cut to 64 printable characters; null: nothing.',
  service: 'For which service; null: for none, as when a credential is vended.',
};

const token = {
  members: {
    id: `The identifier of the token. ${UUID}`,
    name: 'Its name, which no other token of the account has; null: none.',
    description: 'What the administrator wrote about it.',
    labels: 'What administrators find it by.',
    owner: 'Who answers for it, in the words of the administrator; null: not said.',
    access: ACCESS,
    repositories: REPOSITORIES,
    networks: 'Where it may be used from, in CIDR notation; null: anywhere.',
    ...WORDS_OF_CREATION,
    expiresAt: `When it expires; null: never. ${TIME}`,
    generation: '1, and 1 more with every rotation.',
    valueIssuedAt: `When its value was issued; null: unknown, as of values from before this was recorded. ${TIME}`,
    previousValue: [
      'The value before the last rotation, while it works; null: there is none.',
      { endsAt: `When it stops working. ${TIME}`, lastUsed: [LAST_USED, USE] },
    ],
    lastUsedAt: `When it last logged in with any of its values, to the hour; null: not yet. ${TIME}`,
    lastUsed: [LAST_USED, USE],
    disabled: 'true: no login succeeds with it.',
    disabledAt: `When it was disabled; null: it is not. ${TIME}`,
    disabledBy: 'The subject that disabled it, with its issuer; null: it is not disabled.',
    retrievable: 'Whether its value can be shown again.',
    selfRotate: 'Whether who holds the value may rotate it.',
    limits: [
      'What the registry proxy allows it; null: no limits.',
      { pullsPerDay: 'Answered manifests of images in a day of UTC.' },
    ],
  },
  example: {
    id: AN_ID,
    name: null,
    description: 'build farm',
    labels: { team: 'builds' },
    owner: 'builds@acme.example',
    access: 'pull',
    repositories: ['team-a/app', 'team-a/tools/*'],
    networks: ['192.0.2.0/24'],
    ...CREATED,
    expiresAt: AN_HOUR_LATER,
    generation: 1,
    valueIssuedAt: CREATED.createdAt,
    previousValue: null,
    lastUsedAt: null,
    lastUsed: null,
    disabled: false,
    disabledAt: null,
    disabledBy: null,
    retrievable: true,
    selfRotate: false,
    limits: null,
  },
} as const;
const VALUE = 'The value: the password of `docker login -u token`.';

const policy = {
  id: AN_ID,
  subject: 'corp:bob',
  role: 'writer',
  repositories: ['team-a/*'],
  ...CREATED,
} as const;
const trust = {
  id: AN_ID,
  issuer: 'github',
  claims: { repository_id: '74', repository_owner_id: '65' },
  access: 'pull',
  repositories: null,
  networks: null,
  lifetimeSeconds: 3600,
  ...CREATED,
} as const;
const requiredClaims = { always: ['project_id'], forPush: [['ref_protected']] };
const workloadIssuer = {
  key: 'gitlab',
  platform: 'gitlab',
  issuer: 'https://gitlab.example.com',
  requiredClaims,
  maxLifetimeSeconds: 2_678_400,
};
const platform = {
  platform: 'gitlab',
  name: 'GitLab CI/CD',
  documentation: 'https://docs.gitlab.com/ci/secrets/id_token_authentication/',
  requiredClaims,
  claims: [{ name: 'project_id', value: 'a number' }],
};
const counter = { day: '2026-11-21', token: AN_ID, repository: 'team-a/app', pulls: 12 } as const;
const auditEntry = {
  at: CREATED.createdAt,
  act: 'add-token',
  target: AN_ID,
  subject: 'corp:alice',
  uniqueId: null,
  requestId: A_REQUEST_ID,
  sourceAddress: '192.0.2.1',
} as const;
const role = { role: 'writer', repositories: ['team-a/*'], source: { policy: AN_ID } } as const;

export const RESPONSES = {
  Token: component({ schema: api.TOKEN, ...token }),
  IssuedToken: component({
    schema: api.NEW_TOKEN,
    members: { ...token.members, token: VALUE },
    example: { ...token.example, token: A_TOKEN },
  }),
  TokenValue: component({
    schema: api.TOKEN_VALUE,
    members: { id: token.members.id, token: VALUE },
    example: { id: AN_ID, token: A_TOKEN },
  }),
  TokenList: component({
    schema: api.TOKEN_LIST,
    members: { nextCursor: 'The `cursor` of the next page; null: this is the last.' },
    example: { tokens: [token.example], nextCursor: null },
  }),
  Namespace: component({
    schema: api.NAMESPACE,
    members: { name: 'The first segment of the names of its repositories.' },
    example: { name: 'team-a' },
  }),
  NamespaceList: component({
    schema: api.NAMESPACE_LIST,
    example: { namespaces: [{ name: 'team-a' }] },
  }),
  Policy: component({
    schema: api.POLICY,
    members: {
      id: `The identifier of the policy. ${UUID}`,
      subject: 'Who it is for: an IAM id with its issuer, or `*` for every identity of the account.',
      role: ROLE,
      repositories: REPOSITORIES,
      ...WORDS_OF_CREATION,
    },
    example: policy,
  }),
  PolicyList: component({ schema: api.POLICY_LIST, example: { policies: [policy] } }),
  Trust: component({
    schema: api.TRUST,
    members: {
      id: `The identifier of the trust. ${UUID}`,
      issuer: 'The key of the build platform in the configuration.',
      claims: "The claims that a workload's token must have, with exactly these values.",
      access: ACCESS,
      repositories: REPOSITORIES,
      networks: 'Where workloads may log in from, in CIDR notation; null: anywhere.',
      lifetimeSeconds: 'The longest lifetime of what the workload gets, in seconds.',
      ...WORDS_OF_CREATION,
    },
    example: trust,
  }),
  TrustList: component({ schema: api.TRUST_LIST, example: { trusts: [trust] } }),
  WorkloadIssuer: component({
    schema: api.WORKLOAD_ISSUER,
    members: {
      key: 'What trusts call it.',
      platform: 'The kind of platform.',
      issuer: 'The `iss` of its tokens.',
      requiredClaims:
        'What a trust must name: all of `always`, and to push also one of each list of `forPush`.',
      maxLifetimeSeconds: 'The longest life of its tokens, in seconds.',
    },
    example: workloadIssuer,
  }),
  Platform: component({
    schema: api.PLATFORM,
    members: {
      platform: 'The name in the configuration.',
      name: 'What it is called.',
      documentation: 'Where its claims are documented.',
      requiredClaims:
        'What a trust must name: all of `always`, and to push also one of each list of `forPush`.',
      claims: 'The documented claims, and what the value of each is. A trust with another value is refused.',
    },
    example: platform,
  }),
  IssuerList: component({
    schema: api.ISSUER_LIST,
    members: { audience: 'The audience that tokens of workloads must have to log in for the account.' },
    example: {
      audience: 'https://pullpass.example.com/accounts/0123456789abcdef',
      issuers: [workloadIssuer],
      platforms: [platform],
    },
  }),
  Usage: component({
    schema: api.USAGE,
    members: {
      from: 'The first day of the list, in UTC.',
      to: 'The last day of the list, in UTC.',
      nextCursor: 'The `cursor` of the next page; null: this is the last.',
    },
    example: { from: '2026-10-23', to: '2026-11-21', usage: [counter], nextCursor: null },
  }),
  Counter: component({
    schema: api.COUNTER,
    members: {
      day: 'The day, in UTC.',
      token: `The identifier of the token, which may be removed by now. ${UUID}`,
      repository: 'The repository that was pulled from.',
      pulls: 'How many manifests of images were answered.',
    },
    example: counter,
  }),
  Audit: component({
    schema: api.AUDIT,
    members: {
      entries: 'The newest first.',
      nextCursor: 'The `cursor` of the next page; null: this is the last.',
    },
    example: { entries: [auditEntry], nextCursor: null },
  }),
  AuditEntry: component({
    schema: api.AUDIT_ENTRY,
    members: {
      at: `When it was done. ${TIME}`,
      act: 'What was done. Versions to come may have further acts.',
      target:
        'What it was done to: the identifier of a token, policy, trust or credential, or the name of a namespace.',
      subject: 'Who did it: a subject with its issuer, or the token or credential that its holder ended.',
      uniqueId: 'What the issuer never gives to another caller, where it has such a thing; null: it has not.',
      requestId: 'The request, as in the log.',
      sourceAddress: 'Where it came from.',
    },
    example: auditEntry,
  }),
  HeldRole: component({
    schema: api.HELD_ROLE,
    members: {
      role: ROLE,
      repositories: REPOSITORIES,
      source: [
        'Where the role comes from: the configuration of the deployment, or a policy.',
        { policy: `The identifier of the policy. ${UUID}` },
      ],
    },
    example: role,
  }),
  Identity: component({
    schema: api.IDENTITY,
    members: {
      kind: 'How the caller authenticated.',
      issuer: 'The key of the issuer that vouches for the caller.',
      account: 'The account of the caller, with its issuer.',
      subject: 'The subject of the caller, with its issuer.',
      strength: 'weak: the token names no audience, so any other service that receives it could use it here.',
      expiresAt: `When the authentication expires; null: never. ${TIME}`,
      roles: 'Every role of the caller in its account.',
      workloadAudience: 'The audience that a workload requests in its token to log in for this account.',
    },
    example: {
      kind: 'iamapikey',
      issuer: 'corp',
      account: 'corp:acme',
      subject: 'corp:alice',
      strength: 'strong',
      expiresAt: AN_HOUR_LATER,
      roles: [role],
      workloadAudience: 'https://pullpass.example/accounts/0123456789abcdef',
    },
  }),
};
