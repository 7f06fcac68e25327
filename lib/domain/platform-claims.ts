/** What claims of each build platform can be, as its documentation says, and trusts whose claims no token can have. */

import {
  ANY_TEXT,
  BRACED_UUID,
  BUILDKITE_SUBJECT,
  CIRCLECI_SUBJECT,
  COMMIT,
  DNS_NAME,
  FILE_AT_REF,
  FLAG,
  FULL_REF,
  JENKINS_SUBJECT,
  LOWER_CASE,
  NAME,
  NUMBER,
  notText,
  ORIGIN,
  OWNER,
  OWNER_AND_NAME,
  PROJECT_PATH,
  SERVICE_ACCOUNT,
  SHORT_REF,
  type Shape,
  SPIFFE,
  SUBJECT_WITH_REF,
  UUID,
  words,
} from './claim-shapes.ts';
import { HANDLE_LENGTH } from './identifiers.ts';
import type { WorkloadIssuer } from './identity.ts';
import type { Platform } from './platforms.ts';
import type { Trust } from './trust.ts';

export interface PlatformDescription {
  readonly name: string;
  readonly documentation: string;
  /** By name; a slash separates the member of an object from it. Others may exist and can be anything. */
  readonly claims: Readonly<Record<string, Shape>>;
}

/** RFC 7519 section 4.1: these are numbers in every token. */
const TIMES = each(['exp', 'iat', 'nbf'], notText('a number'));

/** GitHub Docs, "OpenID Connect reference"; Forgejo and Gitea follow it. */
const ACTIONS = {
  sub: SUBJECT_WITH_REF,
  repository: OWNER_AND_NAME,
  ...each(['repository_owner', 'actor'], OWNER),
  ...each(['repository_id', 'repository_owner_id', 'actor_id'], NUMBER),
  ...each(['run_id', 'run_number', 'run_attempt'], NUMBER),
  ref: FULL_REF,
  ...each(['head_ref', 'base_ref'], SHORT_REF),
  ref_protected: FLAG,
  ref_type: words('branch', 'tag'),
  ...each(['workflow_ref', 'job_workflow_ref'], FILE_AT_REF),
  ...each(['sha', 'workflow_sha', 'job_workflow_sha'], COMMIT),
  ...each(['environment', 'workflow'], ANY_TEXT),
  event_name: LOWER_CASE,
} as const;

const KUBERNETES = 'kubernetes.io';
const CIRCLECI = 'oidc.circleci.com';

export const DESCRIPTIONS: Readonly<Record<Platform, PlatformDescription>> = {
  github: {
    name: 'GitHub Actions',
    documentation: 'https://docs.github.com/en/actions/reference/security/oidc',
    claims: {
      ...ACTIONS,
      ...each(['enterprise_id', 'check_run_id'], NUMBER),
      repository_visibility: words('public', 'private', 'internal'),
      runner_environment: words('github-hosted', 'self-hosted'),
    },
  },
  gitlab: {
    name: 'GitLab CI/CD',
    documentation: 'https://docs.gitlab.com/ci/secrets/id_token_authentication/',
    claims: {
      sub: SUBJECT_WITH_REF,
      project_path: PROJECT_PATH,
      namespace_path: NAME,
      user_login: OWNER,
      ...each(['project_id', 'namespace_id', 'user_id', 'pipeline_id', 'job_id'], NUMBER),
      ...each(['job_project_id', 'job_namespace_id'], NUMBER),
      runner_id: notText('a number'),
      ...each(['user_identities', 'groups_direct'], notText('a list')),
      ref: SHORT_REF,
      ref_path: FULL_REF,
      ...each(['ref_protected', 'environment_protected'], FLAG),
      ref_type: words('branch', 'tag'),
      ci_config_ref_uri: FILE_AT_REF,
      ...each(['sha', 'ci_config_sha'], COMMIT),
      environment: ANY_TEXT,
      deployment_tier: words('production', 'staging', 'testing', 'development', 'other'),
      pipeline_source: LOWER_CASE,
      project_visibility: words('public', 'private', 'internal'),
      runner_environment: words('gitlab-hosted', 'self-hosted'),
    },
  },
  kubernetes: {
    name: 'Kubernetes',
    documentation: 'https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/',
    claims: {
      sub: SERVICE_ACCOUNT,
      ...each([`${KUBERNETES}/namespace`, `${KUBERNETES}/node/name`], DNS_NAME),
      ...each([`${KUBERNETES}/serviceaccount/name`, `${KUBERNETES}/pod/name`], DNS_NAME),
      ...each([`${KUBERNETES}/serviceaccount/uid`, `${KUBERNETES}/pod/uid`], LOWER_CASE),
      [`${KUBERNETES}/node/uid`]: LOWER_CASE,
      [`${KUBERNETES}/warnafter`]: notText('a number'),
      ...each([`${KUBERNETES}/serviceaccount`, `${KUBERNETES}/pod`], notText('an object')),
      ...each([`${KUBERNETES}/node`, KUBERNETES], notText('an object')),
      aud: notText('a list'),
    },
  },
  circleci: {
    name: 'CircleCI',
    documentation: 'https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/',
    claims: {
      sub: CIRCLECI_SUBJECT,
      [`${CIRCLECI}/project-id`]: UUID,
      [`${CIRCLECI}/vcs-origin`]: ORIGIN,
      [`${CIRCLECI}/vcs-ref`]: FULL_REF,
      [`${CIRCLECI}/context-ids`]: notText('a list'),
      [`${CIRCLECI}/ssh-rerun`]: notText('a boolean'),
    },
  },
  // The ids are in a token that was asked for with `--claim`.
  buildkite: {
    name: 'Buildkite',
    documentation: 'https://buildkite.com/docs/agent/cli/reference/oidc',
    claims: {
      sub: BUILDKITE_SUBJECT,
      ...each(['organization_slug', 'pipeline_slug'], LOWER_CASE),
      ...each(['organization_id', 'pipeline_id', 'cluster_id', 'queue_id'], UUID),
      ...each(['job_id', 'agent_id', 'build_id'], UUID),
      build_number: notText('a number'),
      ...each(['build_branch', 'build_tag'], SHORT_REF),
      build_commit: COMMIT,
      step_key: ANY_TEXT,
      build_source: LOWER_CASE,
      runner_environment: words('buildkite-hosted', 'self-hosted'),
    },
  },
  bitbucket: {
    name: 'Bitbucket Pipelines',
    documentation:
      'https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/',
    claims: {
      ...each(['workspaceUuid', 'repositoryUuid', 'deploymentEnvironmentUuid'], BRACED_UUID),
      ...each(['pipelineUuid', 'pipelineRunUuid', 'stepUuid'], BRACED_UUID),
      branchName: SHORT_REF,
    },
  },
  // The plugin `oidc-provider`: the subject is the URL of the job unless a template says something else.
  jenkins: {
    name: 'Jenkins',
    documentation: 'https://plugins.jenkins.io/oidc-provider/',
    claims: { sub: JENKINS_SUBJECT, build_number: notText('a number') },
  },
  forgejo: {
    name: 'Forgejo Actions',
    documentation: 'https://forgejo.org/docs/next/user/actions/security-openid-connect',
    claims: ACTIONS,
  },
  // No release signs such tokens yet; those that are under review write ids as numbers.
  gitea: {
    name: 'Gitea Actions',
    documentation: 'https://github.com/go-gitea/gitea/issues/26383',
    claims: ACTIONS,
  },
  // SPIFFE, "JWT-SVID" section 3; Pullpass also needs `iss`, `iat` and a key with a `kid`.
  spiffe: {
    name: 'SPIFFE',
    documentation: 'https://github.com/spiffe/spiffe/blob/main/standards/JWT-SVID.md',
    claims: { sub: SPIFFE },
  },
  generic: {
    name: 'Any OIDC platform',
    documentation: 'https://openid.net/specs/openid-connect-core-1_0.html#IDToken',
    claims: {},
  },
};

export interface ImpossibleClaim {
  readonly name: string;
  /** For the administrator. */
  readonly problem: string;
}

type OfIssuer = Pick<WorkloadIssuer, 'issuer' | 'platform'>;

/** The first claim that no workload has with this value: such a trust would match nothing, in silence. Undefined: none. */
export function impossibleClaim(issuer: OfIssuer, claims: Trust['claims']): ImpossibleClaim | undefined {
  for (const [name, value] of Object.entries(claims)) {
    const meant = claimMeant(issuer.platform, name);
    if (meant !== undefined) return { name, problem: `is no claim of this platform: write ${meant}` };
    const fault = faultOf(issuer, name, value);
    if (fault !== undefined) return { name, problem: `cannot be ${JSON.stringify(value)}: ${fault}` };
  }
  return undefined;
}

/** What `workloadAudience` makes. */
const AUDIENCE = new RegExp(`^https?://.*/accounts/[0-9A-Za-z]{${HANDLE_LENGTH}}$`);

function faultOf({ issuer, platform }: OfIssuer, name: string, value: string): string | undefined {
  const fault = shapeOf(platform, name)?.fault(value);
  if (fault !== undefined) return fault;
  if (name === 'iss' && value !== issuer) return `it is ${issuer}`;
  if (name === 'aud' && !AUDIENCE.test(value)) return 'it is the workloadAudience of the account';
  return undefined;
}

/** What a claim of the platform is; undefined: the platform does not document it. */
function shapeOf(platform: Platform, name: string): Shape | undefined {
  const { claims } = DESCRIPTIONS[platform];
  if (Object.hasOwn(claims, name)) return claims[name];
  return Object.hasOwn(TIMES, name) ? TIMES[name] : undefined;
}

/** The documented claim that a name is probably meant to be: it differs in case, or in what separates its words. */
function claimMeant(platform: Platform, name: string): string | undefined {
  const known = Object.keys(DESCRIPTIONS[platform].claims);
  return known.includes(name) ? undefined : known.find(one => bare(one) === bare(name));
}

function bare(name: string): string {
  return name.toLowerCase().replaceAll(/[^a-z0-9]/g, '');
}

function each<const N extends string>(names: readonly N[], shape: Shape): Record<string, Shape> {
  return Object.fromEntries(names.map(name => [name, shape]));
}
