/** The claims of a token of each build platform, as its documentation shows them. */

import type { Platform } from '../../lib/domain/platforms.ts';
import { claimOf } from '../../lib/domain/trust.ts';
import { NOW } from './records.ts';

export type Claims = Readonly<Record<string, unknown>>;

const COMMIT = '9f3182061f1e2cca4702c368cbc039b7dc9d4485';

/** "OpenID Connect reference", for a job in the environment `production` on `main`. */
const GITHUB: Claims = {
  sub: 'repo:octo-org/octo-repo:ref:refs/heads/main',
  repository: 'octo-org/octo-repo',
  repository_owner: 'octo-org',
  repository_id: '74',
  repository_owner_id: '65',
  repository_visibility: 'private',
  actor: 'octocat',
  actor_id: '12',
  environment: 'production',
  event_name: 'push',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  sha: COMMIT,
  workflow: 'build',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/build.yml@refs/heads/main',
  runner_environment: 'github-hosted',
  run_id: '30433642',
  run_number: '10',
  run_attempt: '2',
  jti: 'example-id',
};

/** "OpenID Connect (OIDC) Authentication Using ID Tokens", whose runner's number is a number. */
const GITLAB: Claims = {
  sub: 'project_path:acme/app:ref_type:branch:ref:main',
  namespace_id: '72',
  namespace_path: 'acme',
  project_id: '20',
  project_path: 'acme/app',
  user_id: '1',
  user_login: 'dev',
  pipeline_id: '574',
  pipeline_source: 'push',
  job_id: '302',
  ref: 'main',
  ref_type: 'branch',
  ref_path: 'refs/heads/main',
  ref_protected: 'true',
  runner_id: 1,
  runner_environment: 'gitlab-hosted',
  jti: '235b3a54',
};

/** "Configure Service Accounts for Pods", whose audience is a list. */
const KUBERNETES: Claims = {
  sub: 'system:serviceaccount:build:pusher',
  'kubernetes.io': {
    namespace: 'build',
    node: { name: 'node-1', uid: '646e7c5e' },
    pod: { name: 'builder', uid: '5e0bd49b' },
    serviceaccount: { name: 'pusher', uid: '14ee3fa4' },
    warnafter: NOW + 300,
  },
  jti: 'ea28ed49',
};

const ORG = '0c2fd8ae-4bdf-4e1d-9d8b-7a3c64b0f2aa';
const PROJECT = '5f7a3d2b-8a1c-4a52-9c44-18f2a6b1d0ce';

/** "Using OpenID Connect tokens in jobs", `$CIRCLE_OIDC_TOKEN_V2`. */
const CIRCLECI: Claims = {
  sub: `org/${ORG}/project/${PROJECT}/user/${ORG}/vcs-origin/github.com/acme/app/vcs-ref/refs/heads/main`,
  'oidc.circleci.com/project-id': PROJECT,
  'oidc.circleci.com/context-ids': ['a74579f1-2e7d-451e-b009-5c082ad2729e'],
  'oidc.circleci.com/vcs-origin': 'github.com/acme/app',
  'oidc.circleci.com/vcs-ref': 'refs/heads/main',
  'oidc.circleci.com/ssh-rerun': false,
};

/** "buildkite-agent oidc", with `--claim organization_id,pipeline_id`. */
const BUILDKITE: Claims = {
  sub: `organization:acme-inc:pipeline:super-duper-app:ref:refs/heads/main:commit:${COMMIT}:step:build`,
  organization_slug: 'acme-inc',
  organization_id: ORG,
  pipeline_slug: 'super-duper-app',
  pipeline_id: PROJECT,
  build_number: 1,
  build_branch: 'main',
  build_tag: 'v1.0.0',
  build_commit: COMMIT,
  step_key: 'build',
  job_id: '0184990a-477b-4fa8-9968-496074483cee',
  agent_id: '0184990a-4782-42b5-afc1-16715b10b8ff',
  build_source: 'ui',
  runner_environment: 'buildkite-hosted',
};

/** "Integrate Pipelines with resource servers using OIDC", with `audiences` in the step. */
const BITBUCKET: Claims = {
  sub: `{${PROJECT}}:{${ORG}}`,
  workspaceUuid: `{${ORG}}`,
  repositoryUuid: `{${PROJECT}}`,
  pipelineUuid: '{1b9d6bcd-bbfd-4b2d-9b5d-ab8dfbbd4bed}',
  stepUuid: '{6ec0bd7f-11c0-43da-975e-2a8ad9ebae0b}',
  deploymentEnvironmentUuid: '{9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d}',
  branchName: 'main',
};

/** The plugin `oidc-provider`, with its first templates. */
const JENKINS: Claims = { sub: 'https://jenkins.acme.com/job/app/', build_number: 7 };

/** "Forgejo Actions | Security OpenID Connect". */
const FORGEJO: Claims = {
  sub: 'repo:acme-65/app-74:ref:refs/heads/main',
  repository: 'acme/app',
  repository_owner: 'acme',
  repository_id: '74',
  repository_owner_id: '65',
  actor: 'dev',
  actor_id: '12',
  event_name: 'push',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  sha: COMMIT,
  workflow: 'build.yml',
  run_id: '30',
  run_number: '10',
  run_attempt: '2',
};

/** "JWT-SVID" sections 3.1 to 3.3, and what SPIRE adds. */
const SPIFFE: Claims = { sub: 'spiffe://acme.example/ns/build/sa/pusher' };

const GENERIC: Claims = { sub: 'robot', team: 'platform', 'https://acme.example/tier': 'gold' };

export const PLATFORM_CLAIMS: Readonly<Record<Platform, Claims>> = {
  github: GITHUB,
  gitlab: GITLAB,
  kubernetes: KUBERNETES,
  circleci: CIRCLECI,
  buildkite: BUILDKITE,
  bitbucket: BITBUCKET,
  jenkins: JENKINS,
  forgejo: FORGEJO,
  gitea: { ...FORGEJO, repository_id: 74, repository_owner_id: 65, actor_id: 12 },
  spiffe: SPIFFE,
  generic: GENERIC,
};

/** The claims of the platform's token by the names that trusts have for them, with what they hold. */
export function claimsOf(platform: Platform): [string, unknown][] {
  const claims = PLATFORM_CLAIMS[platform];
  const names = Object.entries(claims).flatMap(([name, value]) => namesIn(name, value));
  return names.map(name => [name, claimOf({ platform, claims }, name)]);
}

function namesIn(name: string, value: unknown): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return [name];
  return Object.entries(value).flatMap(([inner, held]) => namesIn(`${name}/${inner}`, held));
}
