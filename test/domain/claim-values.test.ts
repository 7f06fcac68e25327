/** Claims that no token of a platform has: a trust that names one is refused, and one that may match is not. */
import { describe, expect, it } from 'vitest';
import { impossibleClaim } from '../../lib/domain/claim-values.ts';
import type { Platform } from '../../lib/domain/trust.ts';

const STAR = 'no git ref holds "*"';

describe('no workload has', () => {
  const IMPOSSIBLE: [Platform, string, string, string][] = [
    ['github', 'ref', 'refs/heads/*', STAR],
    ['github', 'ref', '*', STAR],
    ['github', 'base_ref', 'release/*', STAR],
    ['github', 'head_ref', '*/fix', STAR],
    ['github', 'job_workflow_ref', 'a/b/.github/workflows/c.yml@refs/tags/v*', STAR],
    ['github', 'workflow_ref', 'a/b/.github/workflows/c.yml@*', STAR],
    ['github', 'sub', 'repo:a/b:ref:refs/heads/*', STAR],
    ['gitlab', 'ref', 'release-*', STAR],
    ['gitlab', 'ref_path', 'refs/heads/*', STAR],
    ['gitlab', 'ci_config_ref_uri', 'gitlab.com/a/b//.gitlab-ci.yml@refs/heads/*', STAR],
    ['gitlab', 'sub', 'project_path:a/b:ref_type:branch:ref:*', STAR],
    ['github', 'ref', 'main', 'write the full ref, such as refs/heads/main'],
    ['gitlab', 'ref_path', 'main', 'write the full ref'],
    ['github', 'ref', 'refs/heads/a b', 'this is no git ref'],
    ['github', 'ref', 'refs/heads/a..b', 'this is no git ref'],
    ['gitlab', 'ref', 'v[12]', 'this is no git ref'],
    ['gitlab', 'ref', 'main?', 'this is no git ref'],
    ['gitlab', 'ref', '^main$', 'this is no git ref'],
    ['gitlab', 'ref', 'main.lock', 'this is no git ref'],
    ['github', 'repository_id', '*', 'it is a number'],
    ['github', 'repository_owner_id', 'octo-org', 'it is a number'],
    ['gitlab', 'project_id', 'acme/app', 'it is a number'],
    ['gitlab', 'namespace_id', '7*', 'it is a number'],
    ['github', 'repository', 'octo-org/*', 'no name holds "*"'],
    ['gitlab', 'project_path', 'acme/*', 'no name holds "*"'],
    ['gitlab', 'ref_protected', 'True', 'it is true or false'],
    ['gitlab', 'ref_type', '*', 'it is branch or tag'],
    ['kubernetes', 'sub', 'system:serviceaccount:build:*', 'no service account holds "*"'],
    ['kubernetes', 'sub', 'build:pusher', 'it is system:serviceaccount:NAMESPACE:NAME'],
    ['kubernetes', 'kubernetes.io/namespace', 'team-*', 'no name holds "*"'],
  ];
  it.each(IMPOSSIBLE)('at %s, %s %s', (platform, name, value, problem) => {
    const found = impossibleClaim(platform, { [name]: value });
    expect(found?.name).toBe(name);
    expect(found?.problem).toContain(`cannot be "${value}": ${problem}`);
  });
});

describe('a workload may have', () => {
  const POSSIBLE: [Platform, string, string][] = [
    ['github', 'ref', 'refs/heads/main'],
    ['github', 'ref', 'refs/heads/feature/a-b_c.d@e'],
    ['github', 'ref', 'refs/tags/v1.2.3'],
    ['github', 'ref', 'refs/pull/7/merge'],
    ['github', 'base_ref', 'main'],
    ['github', 'job_workflow_ref', 'a/b/.github/workflows/c*.yml@refs/heads/main'],
    ['github', 'sub', 'repo:a/b:environment:any*thing'],
    ['github', 'sub', 'repo:a/b:ref:refs/heads/main'],
    ['github', 'environment', 'prod*'],
    ['github', 'repository_id', '74'],
    ['gitlab', 'ref', 'main'],
    ['gitlab', 'ref', 'refs/heads/main'],
    ['gitlab', 'ref', 'größe'],
    ['gitlab', 'ref_protected', 'true'],
    ['gitlab', 'ref_protected', 'false'],
    ['gitlab', 'environment', 'review/*'],
    ['kubernetes', 'sub', 'system:serviceaccount:build:pusher.x-1'],
    ['kubernetes', 'kubernetes.io/serviceaccount/uid', '14ee3fa4'],
    ['kubernetes', 'constructor', 'x'],
    ['gitlab', 'toString', 'x'],
  ];
  it.each(POSSIBLE)('at %s, %s %s', (platform, name, value) => {
    expect(impossibleClaim(platform, { [name]: value })).toBeUndefined();
  });
});
