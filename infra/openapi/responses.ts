/** What the members of the management answers mean. */
import * as api from '../../lib/api/responses.ts';
import { component } from './component.ts';
import { OVERSIGHT_RESPONSES } from './oversight-responses.ts';
import { TOKEN_RESPONSES } from './token-responses.ts';
import {
  ACCESS,
  AN_HOUR_LATER,
  AN_ID,
  CREATED,
  REPOSITORIES,
  ROLE,
  TIME,
  UUID,
  WORDS_OF_CREATION,
} from './words.ts';

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
const role = { role: 'writer', repositories: ['team-a/*'], source: { policy: AN_ID } } as const;

export const RESPONSES = {
  ...TOKEN_RESPONSES,
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
  ...OVERSIGHT_RESPONSES,
  HeldRole: component({
    schema: api.HELD_ROLE,
    members: {
      role: ROLE,
      repositories: REPOSITORIES,
      source: [
        'Where the role comes from: the configuration of the deployment, or a policy.',
        {
          policy: `The identifier of the policy. ${UUID}`,
          group:
            'The group that the policy is for; absent: it is for the caller itself, or for every identity.',
        },
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
      groups:
        'The groups that the issuer says the caller is in, as policies name them; absent: it says nothing of groups.',
      ignoredGroups: 'Why none of the groups in the token counts; absent: they do.',
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
