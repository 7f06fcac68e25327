/** What each build platform documents of its claims: their names, and what they are, as the list of issuers shows them. */
import { describe, expect, it } from 'vitest';
import { DESCRIPTIONS } from '../../lib/domain/platform-claims.ts';
import { PLATFORM_NAMES, type Platform } from '../../lib/domain/platforms.ts';

/** What claims are, and their names. */
type Documented = Readonly<Record<string, string>>;

/** Of GitHub Actions, and what follows it. */
const ACTIONS: Documented = {
  'a subject': 'sub',
  'OWNER/NAME': 'repository',
  'a name without a slash': 'actor repository_owner',
  'a number': 'actor_id repository_id repository_owner_id run_attempt run_id run_number',
  'a full git ref': 'ref',
  'a branch or tag': 'base_ref head_ref',
  'true or false': 'ref_protected',
  'branch or tag': 'ref_type',
  'a file and a ref, FILE@REF': 'job_workflow_ref workflow_ref',
  'a commit in lower-case hexadecimal': 'job_workflow_sha sha workflow_sha',
  'a text': 'environment workflow',
  'a text in lower case': 'event_name',
};

const DOCUMENTED: Readonly<Record<Platform, Documented>> = {
  github: {
    ...ACTIONS,
    'a number':
      'actor_id check_run_id enterprise_id repository_id repository_owner_id run_attempt run_id run_number',
    'public or private or internal': 'repository_visibility',
    'github-hosted or self-hosted': 'runner_environment',
  },
  gitlab: {
    'a subject': 'sub',
    'GROUP/PROJECT': 'project_path',
    'a name': 'namespace_path',
    'a name without a slash': 'user_login',
    'a number':
      'job_id job_namespace_id job_project_id namespace_id pipeline_id project_id runner_id user_id',
    'a list': 'groups_direct user_identities',
    'a branch or tag': 'ref',
    'a full git ref': 'ref_path',
    'true or false': 'environment_protected ref_protected',
    'branch or tag': 'ref_type',
    'a file and a ref, FILE@REF': 'ci_config_ref_uri',
    'a commit in lower-case hexadecimal': 'ci_config_sha sha',
    'a text': 'environment',
    'production or staging or testing or development or other': 'deployment_tier',
    'a text in lower case': 'pipeline_source',
    'public or private or internal': 'project_visibility',
    'gitlab-hosted or self-hosted': 'runner_environment',
  },
  kubernetes: {
    'system:serviceaccount:NAMESPACE:NAME': 'sub',
    'a name in lower case':
      'kubernetes.io/namespace kubernetes.io/node/name kubernetes.io/pod/name kubernetes.io/serviceaccount/name',
    'a text in lower case': 'kubernetes.io/node/uid kubernetes.io/pod/uid kubernetes.io/serviceaccount/uid',
    'a number': 'kubernetes.io/warnafter',
    'an object': 'kubernetes.io kubernetes.io/node kubernetes.io/pod kubernetes.io/serviceaccount',
    'a list': 'aud',
  },
  circleci: {
    'org/UUID/project/UUID/user/UUID, with /vcs-origin/…/vcs-ref/… in the second version': 'sub',
    'a UUID in lower case': 'oidc.circleci.com/project-id',
    'HOST/OWNER/NAME': 'oidc.circleci.com/vcs-origin',
    'a full git ref': 'oidc.circleci.com/vcs-ref',
    'a list': 'oidc.circleci.com/context-ids',
    'a boolean': 'oidc.circleci.com/ssh-rerun',
  },
  buildkite: {
    'a subject': 'sub',
    'a text in lower case': 'build_source organization_slug pipeline_slug',
    'a UUID in lower case': 'agent_id build_id cluster_id job_id organization_id pipeline_id queue_id',
    'a number': 'build_number',
    'a branch or tag': 'build_branch build_tag',
    'a commit in lower-case hexadecimal': 'build_commit',
    'a text': 'step_key',
    'buildkite-hosted or self-hosted': 'runner_environment',
  },
  bitbucket: {
    'a UUID in lower case and braces':
      'deploymentEnvironmentUuid pipelineRunUuid pipelineUuid repositoryUuid stepUuid workspaceUuid',
    'a branch or tag': 'branchName',
  },
  jenkins: {
    'the URL of a job, with a slash at the end': 'sub',
    'a number': 'build_number',
  },
  forgejo: ACTIONS,
  gitea: ACTIONS,
  spiffe: {
    'spiffe://TRUST-DOMAIN/PATH': 'sub',
  },
  generic: {},
};

describe.each(PLATFORM_NAMES)('what %s documents', platform => {
  const { name, documentation, claims } = DESCRIPTIONS[platform];

  it('is these claims', () => {
    const documented = Object.entries(DOCUMENTED[platform]).flatMap(([is, names]) =>
      names.split(' ').map(claim => [claim, is]),
    );
    const described = Object.entries(claims).map(([claim, { is }]) => [claim, is]);
    expect(Object.fromEntries(described)).toEqual(Object.fromEntries(documented));
  });

  it('has a name, and the address of a page', () => {
    expect(name).toMatch(/^[A-Z]/);
    expect(documentation).toMatch(/^https:\/\/[a-z.]+\//);
  });
});
