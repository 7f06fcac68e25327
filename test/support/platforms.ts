/** Issuers on loopback beside the development IAM: build platforms whose tokens look like the real ones, and an IAM. */

import { accountHandle } from '../../lib/domain/identifiers.ts';
import type { Platform } from '../../lib/domain/trust.ts';
import { LoopbackIam } from '../iam/loopback-iam.ts';
import { signToken, type TestKey, testKey } from '../iam/tokens.ts';
import { PUBLIC_URL } from './deployment.ts';
import { NOW } from './records.ts';

/** The audience that a token must have to log in for an account. */
export const audienceOf = (account: `${string}:${string}`) =>
  `${PUBLIC_URL}/accounts/${accountHandle(account)}`;

type Claims = Readonly<Record<string, unknown>>;

/** One issuer: its key set on a loopback server, and the key that signs its tokens. */
export class TestIssuer {
  readonly server: LoopbackIam;
  readonly key: TestKey;
  readonly #entry: Readonly<Record<string, unknown>>;
  readonly #claims: Claims;

  private constructor(server: LoopbackIam, entry: Readonly<Record<string, unknown>>, claims: Claims) {
    this.server = server;
    this.key = testKey('k1');
    this.#entry = entry;
    this.#claims = claims;
    server.keys = [this.key.jwk];
  }

  static async open(entry: Readonly<Record<string, unknown>>, claims: Claims): Promise<TestIssuer> {
    return new TestIssuer(await new LoopbackIam().open(), entry, claims);
  }

  /** As the issuers file has it. */
  get entry(): object {
    return { keysUrl: `${this.server.url}/keys`, ...this.#entry };
  }

  /** A token that was made just now; `overrides` of undefined take a claim away. */
  token(overrides: Claims = {}): string {
    return signToken(this.key, this.claims(overrides));
  }

  claims(overrides: Claims = {}): Record<string, unknown> {
    const times = { iat: NOW - 5, nbf: NOW - 5, exp: NOW + 600 };
    return { iss: this.#entry.issuer, ...times, ...this.#claims, ...overrides };
  }
}

/** GitHub Actions ("OpenID Connect reference"), for a job in the environment `production` on `main`. */
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
  head_ref: '',
  base_ref: '',
  ref: 'refs/heads/main',
  ref_type: 'branch',
  ref_protected: 'true',
  sha: '1f3c7a',
  workflow: 'build',
  job_workflow_ref: 'octo-org/octo-automation/.github/workflows/build.yml@refs/heads/main',
  runner_environment: 'github-hosted',
  run_id: '30433642',
  run_number: '10',
  run_attempt: '2',
  jti: 'example-id',
};

/** GitLab ("ID token payload"), whose runner's number is a number. */
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

/** Kubernetes ("Configure Service Accounts for Pods"), whose audience is a list. */
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

function platform(key: string, kind: Platform, claims: Claims): Promise<TestIssuer> {
  const entry = { key, kind: 'workload', platform: kind, issuer: `https://${key}.example` };
  return TestIssuer.open(entry, claims);
}

export const openGitHub = (key = 'github') => platform(key, 'github', GITHUB);
export const openGitLab = () => platform('gitlab', 'gitlab', GITLAB);
export const openKubernetes = () => platform('kubernetes', 'kubernetes', KUBERNETES);

/** An IAM that speaks for its own `acme`, and its own Alice. */
export function openIam(key = 'other', entry: object = {}): Promise<TestIssuer> {
  const settings = {
    key,
    issuer: `https://${key}.example/identity`,
    audience: PUBLIC_URL,
    claims: { subject: 'iam_id', account: 'account.bss' },
    ...entry,
  };
  return TestIssuer.open(settings, { aud: PUBLIC_URL, iam_id: 'alice', account: { bss: 'acme' } });
}
