/** Bodies of requests: the schemas that the code checks them with, and what their members mean. */
import * as v from 'valibot';
import { explainSchema } from '../../lib/api/explain-request.ts';
import { policySchema, SET_RULES, trustSchema, VEND_CREDENTIAL } from '../../lib/api/requests.ts';
import { TOKEN_EXCHANGE } from '../../lib/http/credentials.ts';
import { component, documented } from './component.ts';
import { type JsonSchema, schemaOf } from './schema.ts';
import { EXPIRES, PATTERNS, REPOSITORIES, TOKEN_BODIES } from './token-requests.ts';
import { A_CREDENTIAL, A_TOKEN, ACCESS, AN_ID, ROLE, RULES } from './words.ts';

const SERVICE = 'The registry; may be left out if there is only one.';
const REGISTRY = `${SERVICE} By the name of its service, or by its host where that is of one service.`;
const IGNORED = 'Ignored.';

const JSON_BODIES = {
  ...TOKEN_BODIES,
  NewAccountRules: component({
    schema: SET_RULES,
    description: "A rule that is left out is the operator's ceiling, also when that changes.",
    members: RULES,
    example: { maxExpiresInSeconds: 2_592_000, nonExpiring: 'forbidden', requireOwner: true },
  }),
  ExplainLogin: component({
    schema: explainSchema('corp'),
    members: {
      token: 'The identifier of a token. Never its value: the token is judged as with its present one.',
      subject: 'An IAM id of the account, with or without its issuer: judged as with an API key.',
      claims: 'The payload of the token of a workload. No signature is asked for.',
      requestId:
        'The request id of a refused login, as its client prints it. It stands alone. Refusals are kept for a day.',
      service:
        'The registry by the name of its service. Default: the first, as it decides nothing of what is granted.',
      scope: 'As at the login endpoint: `repository:team-a/app:pull`; several are separated by blanks.',
      address: 'The address that the login comes from.',
      at: 'The time of the login (RFC 3339), within 366 days of now. Default: now.',
    },
    example: { token: AN_ID, scope: 'repository:team-a/app:pull' },
  }),
  CredentialRequest: component({
    schema: VEND_CREDENTIAL,
    members: {
      repositories: `${PATTERNS} null: every repository that the parent may use; a credential to push may then also pull where the parent may only pull.`,
      access: ACCESS,
      expiresInSeconds: `${EXPIRES} Never longer than the parent's.`,
      service: REGISTRY,
      format: 'The format of the answer. Default: what `Accept` asks for, otherwise `json`.',
    },
    example: { repositories: ['team-a/app'], format: 'docker-config' },
  }),
};

const NewPolicy = component({
  schema: policySchema({ issuer: '<issuer>', groups: { groups: [] } }),
  members: {
    subject:
      'Who it is for: an IAM id, with or without the key of its issuer; `group:<issuer>:<name>` for those whom the issuer says are in the group; or `*` for every identity of the account.',
    role: ROLE,
    repositories: REPOSITORIES,
  },
  example: { subject: 'bob', role: 'writer', repositories: ['team-a/*'] },
});
const POLICY_RULES =
  'The subject `*` can be reader or writer. An administrator administers the whole account and takes no repositories.';

const NewTrust = component({
  schema: trustSchema([]),
  members: {
    issuer: 'The build platform that issues the tokens of the workloads.',
    claims:
      "The claims that a workload's token must have, with exactly these values. The members of an object are named after a slash.",
    access: ACCESS,
    repositories: REPOSITORIES,
    networks: 'Where workloads may log in from, in CIDR notation. null: anywhere.',
    lifetimeSeconds: 'The longest lifetime of what the workload gets, in seconds.',
  },
  example: {
    issuer: 'github',
    claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' },
    access: 'push',
  } as never,
});
const TRUST_RULES =
  'The claims must name what no one else can take over, and to push also a part of the builds: `GET /v1/issuers` lists what for each issuer. A claim that no token of the platform has, such as a branch with `*`, is refused.';

const A_SERVICE = v.pipe(v.string(), v.metadata({ minLength: 1, 'x-one-of': 'services' }));
const A_REGISTRY = v.pipe(v.string(), v.metadata({ minLength: 1, 'x-one-of': 'registries' }));

/** Of OAuth clients and of registries. The code reads their members one by one and ignores unknown ones. */
const OF_OTHERS = {
  PasswordLogin: component({
    schema: v.looseObject({
      grant_type: v.literal('password'),
      username: v.optional(
        v.picklist(['token', 'iamapikey', 'iambearer', 'iamrefresh', 'awsiam', 'oidc', '']),
      ),
      password: v.optional(v.string()),
      service: v.optional(A_SERVICE),
      scope: v.optional(v.array(v.string())),
      account: v.optional(v.string()),
      client_id: v.optional(v.string()),
    }),
    members: {
      username:
        'Says what the password is. Empty, with an empty password: an anonymous caller, who is granted nothing.',
      password: 'The secret.',
      service: SERVICE,
      scope: 'The access that is asked for; repeated, or separated by spaces.',
      account: IGNORED,
      client_id: IGNORED,
    },
    example: {
      grant_type: 'password',
      username: 'token',
      password: A_TOKEN,
      service: 'registry.example',
      scope: ['repository:team-a/app:pull,push'],
    },
  }),
  TokenExchange: component({
    schema: v.looseObject({
      grant_type: v.literal(TOKEN_EXCHANGE),
      subject_token: v.pipe(v.string(), v.minLength(1)),
      subject_token_type: v.picklist([
        'urn:ietf:params:oauth:token-type:access_token',
        'urn:ietf:params:oauth:token-type:refresh_token',
        'urn:ietf:params:oauth:token-type:id_token',
        'urn:ietf:params:oauth:token-type:jwt',
      ]),
      requested_token_type: v.optional(v.literal('urn:pullpass:token-type:credential')),
      audience: v.optional(A_REGISTRY),
      service: v.optional(A_REGISTRY),
      scope: v.optional(v.array(v.string())),
    }),
    description:
      '`actor_token`, `actor_token_type` and `resource` are refused: acting for another party is not supported.',
    members: {
      subject_token: 'A registry token, or an IAM or OIDC token.',
      subject_token_type:
        'What the subject token is: a registry token or an IAM access token, an IAM refresh token, or the OIDC token of a workload.',
      audience: REGISTRY,
      service: 'The same as `audience`.',
      scope:
        'The access of the credential, `repository:<name or prefix/*>:pull` or `…:pull,push`, at most 32 with the same actions. Default: pull, wherever the parent may.',
    },
    example: {
      grant_type: TOKEN_EXCHANGE,
      subject_token: A_TOKEN,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
      audience: 'registry.example',
      scope: ['repository:team-a/app:pull'],
    },
  }),
  Notifications: component({
    schema: v.looseObject({ events: v.array(v.record(v.string(), v.unknown())) }),
    members: {
      events:
        "As distribution's documentation has them. Only pulls of images by registry tokens, and by credentials of them, are counted.",
    },
    example: {
      events: [
        {
          id: '320678d8-ca14-430f-8bb6-4ca139cd83f7',
          timestamp: '2026-11-21T07:00:00Z',
          action: 'pull',
          target: {
            mediaType: 'application/vnd.oci.image.manifest.v1+json',
            repository: 'team-a/app',
            tag: '1.4',
          },
          request: { method: 'GET', addr: '192.0.2.1:52341', useragent: 'docker/28.2.2' },
          actor: { name: 'token:019aa5f0-7a00-7000-8000-000000000000' },
        },
      ],
    },
  }),
  Revocation: component({
    schema: v.looseObject({ token: v.string() }),
    members: { token: 'The registry token or credential to revoke.' },
    example: { token: A_CREDENTIAL },
  }),
};

export const REQUESTS: Readonly<Record<string, JsonSchema>> = {
  ...documentedAll(JSON_BODIES),
  NewPolicy: documented(schemaOf(NewPolicy.schema, POLICY_RULES), NewPolicy),
  NewTrust: documented(schemaOf(NewTrust.schema, TRUST_RULES), NewTrust),
  ...documentedAll(OF_OTHERS),
};

function documentedAll(components: Readonly<Record<string, ReturnType<typeof component>>>) {
  const entries = Object.entries(components).map(([name, one]) => [
    name,
    documented(schemaOf(one.schema), one),
  ]);
  return Object.fromEntries(entries) as Record<string, JsonSchema>;
}
