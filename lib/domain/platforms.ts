/** The build platforms whose workloads can be trusted: what a trust must name at each, and how their tokens are read. */

import { DAY_SECONDS } from './time.ts';

/** What every trust names, so that it covers no more than one project, and for push no more than a part of its builds. */
export interface RequiredClaims {
  readonly always: readonly string[];
  /** A trust that allows push names one of each list. */
  readonly forPush: readonly (readonly string[])[];
}

export interface PlatformFacts {
  readonly required: RequiredClaims;
  /** What the names of claims begin with that hold a slash of their own. */
  readonly slashed?: readonly string[];
  /** Numbers that are compared by their digits, because releases of the platform differ in their type. */
  readonly numbers?: readonly string[];
  /** The longest life of a token unless its issuer says another, in seconds; absent: a day. */
  readonly maxLifetimeSeconds?: number;
}

/** Names of repositories can be taken over by others, their numbers cannot. */
const REPOSITORY_IDS = ['repository_id', 'repository_owner_id'] as const;

const FORGEJO = {
  required: { always: REPOSITORY_IDS, forPush: [['ref', 'environment', 'workflow_ref', 'job_workflow_ref']] },
} as const;

/** What the claims mean, and where they are documented: platform-claims.ts. */
export const PLATFORMS = {
  github: { required: { always: REPOSITORY_IDS, forPush: [['ref', 'environment', 'job_workflow_ref']] } },
  gitlab: {
    required: { always: ['project_id'], forPush: [['ref_protected']] },
    // A token lives as long as its job may ("Set a limit for how long jobs can run").
    maxLifetimeSeconds: 31 * DAY_SECONDS,
  },
  kubernetes: { required: { always: ['sub', 'kubernetes.io/serviceaccount/uid'], forPush: [] } },
  circleci: {
    required: {
      always: ['oidc.circleci.com/project-id'],
      // A fork has branches of any name, so the repository is named too.
      forPush: [['oidc.circleci.com/vcs-ref'], ['oidc.circleci.com/vcs-origin']],
    },
    slashed: ['oidc.circleci.com/'],
  },
  buildkite: {
    required: { always: ['organization_id', 'pipeline_id'], forPush: [['build_branch', 'build_tag']] },
  },
  bitbucket: {
    required: { always: ['repositoryUuid'], forPush: [['branchName', 'deploymentEnvironmentUuid']] },
  },
  jenkins: { required: { always: ['sub'], forPush: [] } },
  forgejo: FORGEJO,
  gitea: { ...FORGEJO, numbers: [...REPOSITORY_IDS, 'actor_id'] },
  spiffe: { required: { always: ['sub'], forPush: [] } },
  /** Any other: the entry in the issuers file says what a trust must name. */
  generic: { required: { always: [], forPush: [] }, slashed: ['https://', 'http://'] },
} as const satisfies Readonly<Record<string, PlatformFacts>>;

/** Where workloads run. */
export type Platform = keyof typeof PLATFORMS;

export const PLATFORM_NAMES = Object.keys(PLATFORMS) as Platform[];

export function platformFacts(platform: Platform): PlatformFacts {
  return PLATFORMS[platform];
}

/** A claim as trusts name it: `claim`, `object/member`, or a URL as Auth0 has them. */
export const CLAIM_NAME = /^(?:https?:\/\/)?[A-Za-z0-9_.:-]+(?:\/[A-Za-z0-9_.:-]+)*$/;
