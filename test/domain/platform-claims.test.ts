/** Claims of build platforms: trusts that no token can match, and that what each platform documents is possible. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DESCRIPTIONS, impossibleClaim } from '../../lib/domain/platform-claims.ts';
import { PLATFORM_NAMES, type Platform } from '../../lib/domain/platforms.ts';
import {
  claimOf,
  missingClaims,
  requiredClaims,
  type Trust,
  trustMatches,
  type Workload,
} from '../../lib/domain/trust.ts';
import { claimsOf, PLATFORM_CLAIMS } from '../support/platform-claims.ts';

const ISSUER = 'https://issuer.example';
const ACCOUNT = 'ibm:acme';
const A_UUID = '0c2fd8ae-4bdf-4e1d-9d8b-7a3c64b0f2aa';
const UID = 'kubernetes.io/serviceaccount/uid';

function problemOf(platform: Platform, claims: Trust['claims']): string | undefined {
  const found = impossibleClaim({ platform, issuer: ISSUER }, claims);
  return found && `${found.name} ${found.problem}`;
}

const SHA = '9f3182061f1e2cca4702c368cbc039b7dc9d4485';
const CIRCLECI = `org/${A_UUID}/project/${A_UUID}/user/${A_UUID}`;

const noStarIn = (what: string) =>
  `no ${what} holds "*"; values are compared exactly, so add a trust for each`;
const STAR = noStarIn('git ref');

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
    ['github', 'repository', 'octo-org/*', noStarIn('name')],
    ['gitlab', 'project_path', 'acme/*', noStarIn('name')],
    ['gitlab', 'ref_protected', 'True', 'it is true or false'],
    ['gitlab', 'ref_type', '*', 'it is branch or tag'],
    ['kubernetes', 'sub', 'system:serviceaccount:build:*', noStarIn('service account')],
    ['kubernetes', 'sub', 'build:pusher', 'it is system:serviceaccount:NAMESPACE:NAME'],
    ['kubernetes', 'kubernetes.io/namespace', 'team-*', noStarIn('name')],
    ['github', 'repository', 'app', 'it is OWNER/NAME'],
    ['github', 'repository', 'https://github.com/octo-org/app', 'it is OWNER/NAME'],
    ['github', 'repository_owner', 'octo-org/app', 'it is a name without a slash'],
    ['github', 'repository_id', '074', 'it is a number'],
    ['github', 'repository_id', '74 ', 'it is a number'],
    ['github', 'repository_id', '7.4e1', 'it is a number'],
    ['github', 'ref_protected', 'yes', 'it is true or false'],
    ['github', 'sha', 'ABCDEF7', 'it is a commit in lower-case hexadecimal'],
    ['github', 'runner_environment', 'gitlab-hosted', 'it is github-hosted or self-hosted'],
    ['github', 'event_name', 'Push', 'it is a text in lower case'],
    ['github', 'exp', '1700000000', 'in the token it is a number'],
    ['github', 'iss', 'https://other.example', `it is ${ISSUER}`],
    ['github', 'aud', 'sts.amazonaws.com', 'it is the workloadAudience of the account'],
    ['gitlab', 'project_path', 'app', 'it is GROUP/PROJECT'],
    ['gitlab', 'runner_id', '1', 'in the token it is a number, and a trust compares texts'],
    ['gitlab', 'groups_direct', 'acme', 'in the token it is a list'],
    ['gitlab', 'ref_path', 'heads/main', 'write the full ref, such as refs/heads/heads/main'],
    ['gitlab', 'deployment_tier', 'prod', 'it is production or staging or testing or development or other'],
    ['kubernetes', 'aud', 'https://pullpass.example/accounts/0123456789abcdef', 'in the token it is a list'],
    ['kubernetes', UID, A_UUID.toUpperCase(), 'it is a text in lower case'],
    ['kubernetes', 'kubernetes.io/namespace', 'Build', 'it is a name in lower case'],
    ['kubernetes', 'kubernetes.io/serviceaccount', 'pusher', 'in the token it is an object'],
    ['kubernetes', 'kubernetes.io/warnafter', '7', 'in the token it is a number'],
    ['circleci', 'oidc.circleci.com/project-id', A_UUID.toUpperCase(), 'it is a UUID in lower case'],
    ['circleci', 'oidc.circleci.com/project-id', 'acme/app', 'it is a UUID in lower case'],
    ['circleci', 'oidc.circleci.com/vcs-ref', 'main', 'write the full ref, such as refs/heads/main'],
    ['circleci', 'oidc.circleci.com/vcs-ref', 'refs/heads/*', STAR],
    ['circleci', 'oidc.circleci.com/vcs-origin', 'https://github.com/acme/app', 'it is HOST/OWNER/NAME'],
    ['circleci', 'oidc.circleci.com/context-ids', A_UUID, 'in the token it is a list'],
    ['circleci', 'oidc.circleci.com/ssh-rerun', 'false', 'in the token it is a boolean'],
    ['circleci', 'sub', `org/${A_UUID}/project/${A_UUID}/user/*`, noStarIn('subject')],
    ['circleci', 'sub', 'acme', 'it is org/UUID/project/UUID/user/UUID'],
    ['buildkite', 'pipeline_id', 'super-duper-app', 'it is a UUID in lower case'],
    ['buildkite', 'pipeline_slug', 'Super-Duper-App', 'it is a text in lower case'],
    ['buildkite', 'build_branch', 'release/*', STAR],
    ['buildkite', 'build_number', '1', 'in the token it is a number'],
    ['buildkite', 'sub', 'organization:a:pipeline:b:ref:refs/heads/*:commit:c:step:d', STAR],
    ['bitbucket', 'repositoryUuid', A_UUID, 'it is a UUID in lower case and braces'],
    ['bitbucket', 'repositoryUuid', `{${A_UUID.toUpperCase()}}`, 'it is a UUID in lower case and braces'],
    ['bitbucket', 'branchName', 'feature/*', STAR],
    ['jenkins', 'sub', 'https://jenkins.acme.com/job/app/**', noStarIn('job')],
    ['jenkins', 'sub', 'https://jenkins.acme.com/job/app', 'the URL of a job ends with a slash'],
    ['jenkins', 'build_number', '7', 'in the token it is a number'],
    ['forgejo', 'ref', 'main', 'write the full ref, such as refs/heads/main'],
    ['forgejo', 'repository', 'app', 'it is OWNER/NAME'],
    ['gitea', 'repository_id', 'acme', 'it is a number'],
    ['spiffe', 'sub', 'spiffe://acme.example/ns/*', noStarIn('SPIFFE ID')],
    ['spiffe', 'sub', 'spiffe://ACME.example/ns/build', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['spiffe', 'sub', 'spiffe://acme.example', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['spiffe', 'sub', 'spiffe://acme.example/', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['spiffe', 'sub', 'spiffe://acme.example/ns//sa', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['spiffe', 'sub', 'spiffe://acme.example/ns/../sa', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['spiffe', 'sub', 'https://acme.example/ns/build', 'it is spiffe://TRUST-DOMAIN/PATH'],
    ['generic', 'iat', '7', 'in the token it is a number'],
    ['gitlab', 'namespace_path', '', 'it is a name'],
    ['gitlab', 'namespace_path', 'acme*', noStarIn('name')],
    ['github', 'actor', '', 'it is a name without a slash'],
    ['github', 'actor', 'the octocat', 'it is a name without a slash'],
    ['github', 'actor', 'octo*', noStarIn('name')],
    ['github', 'event_name', '', 'it is a text in lower case'],
    ['github', 'event_name', 'pu*', noStarIn('name')],
    ['github', 'run_id', '', 'it is a number'],
    ['github', 'run_id', 'x7', 'it is a number'],
    ['kubernetes', 'sub', 'xsystem:serviceaccount:a:b', 'it is system:serviceaccount:NAMESPACE:NAME'],
    ['kubernetes', 'sub', 'system:serviceaccount:a:b:c', 'it is system:serviceaccount:NAMESPACE:NAME'],
    ['kubernetes', 'sub', 'system:serviceaccount:a.b:c', 'it is system:serviceaccount:NAMESPACE:NAME'],
    ['circleci', 'sub', `x${CIRCLECI}`, 'it is org/UUID/project/UUID/user/UUID'],
    ['circleci', 'sub', `${CIRCLECI}/vcs-origin/a/b`, 'it is org/UUID/project/UUID/user/UUID'],
    ['circleci', 'oidc.circleci.com/vcs-origin', 'github.com/acme/*', noStarIn('repository')],
    ['circleci', 'oidc.circleci.com/project-id', `x${A_UUID}`, 'it is a UUID in lower case'],
    ['circleci', 'oidc.circleci.com/project-id', `${A_UUID}0`, 'it is a UUID in lower case'],
    ['bitbucket', 'repositoryUuid', `x{${A_UUID}}`, 'it is a UUID in lower case and braces'],
    ['bitbucket', 'repositoryUuid', `{${A_UUID}}x`, 'it is a UUID in lower case and braces'],
    ['jenkins', 'sub', 'http://jenkins/job/app', 'the URL of a job ends with a slash'],
    ['jenkins', 'sub', 'jenkins:*', noStarIn('job')],
  ];
  for (const ref of [
    ...[
      'a~b',
      'a^b',
      'a:b',
      'a\\b',
      'a@{b',
      'a//b',
      '/a',
      '.a',
      'a/.b',
      'a/',
      'a.',
      'a.lock/b',
      'a\tb',
      'a[b',
    ],
  ]) {
    IMPOSSIBLE.push(['gitlab', 'ref', ref, 'this is no git ref']);
  }
  for (const repository of ['a/b/c', 'a/', '/a', 'a/b c', 'a b/c']) {
    IMPOSSIBLE.push(['github', 'repository', repository, 'it is OWNER/NAME']);
  }
  for (const path of ['a//b', '/a', 'a/', 'a/b c', 'a b/c']) {
    IMPOSSIBLE.push(['gitlab', 'project_path', path, 'it is GROUP/PROJECT']);
  }
  for (const sha of [
    SHA.slice(1),
    `${SHA}0`,
    `x${SHA}`,
    `${SHA.slice(1)}g`,
    SHA.toUpperCase(),
    `${SHA}${SHA}`,
  ]) {
    IMPOSSIBLE.push(['github', 'sha', sha, 'it is a commit in lower-case hexadecimal']);
  }
  for (const name of ['', '-a', 'a-', '.a', 'a.', 'a_b', 'a-B']) {
    IMPOSSIBLE.push(['kubernetes', 'kubernetes.io/pod/name', name, 'it is a name in lower case']);
  }
  for (const origin of ['github.com', 'a:b/c', 'a/b c', 'a b/c', 'a//b', '/a', 'a/']) {
    IMPOSSIBLE.push(['circleci', 'oidc.circleci.com/vcs-origin', origin, 'it is HOST/OWNER/NAME']);
  }
  for (const id of [
    ...['spiffe://a/.', 'spiffe://a/..', 'spiffe://a/./b', 'spiffe://a/b/', 'xspiffe://a/b', 'spiffe:///b'],
    ...['spiffe://a/b c', `spiffe://${'a'.repeat(256)}/b`],
  ]) {
    IMPOSSIBLE.push(['spiffe', 'sub', id, 'it is spiffe://TRUST-DOMAIN/PATH']);
  }
  it.each(IMPOSSIBLE)('at %s, %s %s', (platform, name, value, problem) => {
    expect(problemOf(platform, { [name]: value })).toContain(
      `${name} cannot be ${JSON.stringify(value)}: ${problem}`,
    );
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
    ['github', 'iss', ISSUER],
    ['github', 'aud', 'https://pullpass.example/accounts/0123456789abcdef'],
    ['github', 'environment_node_id', 'EN_kwDOAbCdEf'],
    ['gitlab', 'project_path', 'group/subgroup/app'],
    ['circleci', 'oidc.circleci.com/vcs-origin', 'github.com/acme/app'],
    [
      'circleci',
      'sub',
      `org/${A_UUID}/project/${A_UUID}/user/${A_UUID}/vcs-origin/github.com/a/b/vcs-ref/refs/heads/main`,
    ],
    ['buildkite', 'sub', 'organization:a:pipeline:b:ref:refs/heads/main:commit:c:step:d'],
    ['jenkins', 'sub', 'jenkins:main:app'],
    ['jenkins', 'sub', 'https://jenkins.acme.com/job/folder/job/app/'],
    ['spiffe', 'sub', 'spiffe://acme.example/ns/build/sa/pusher'],
    ['spiffe', 'sub', 'spiffe://acme.example/.hidden/...'],
    ['spiffe', 'sub', 'spiffe://acme.example/..a/b.c-D_1'],
    ['spiffe', 'sub', `spiffe://${'a'.repeat(255)}/b`],
    ['generic', 'https://acme.example/team', 'platform'],
    ['github', 'run_attempt', '0'],
    ['github', 'run_number', '10'],
    ['github', 'sha', `${SHA}${SHA.slice(0, 24)}`],
    ['github', 'job_workflow_ref', 'without a ref'],
    ['github', 'job_workflow_ref', 'a@~b/c.yml@refs/heads/main'],
    ['kubernetes', 'kubernetes.io/pod/name', 'a'],
    ['kubernetes', 'kubernetes.io/node/name', 'node-1.eu'],
    ['circleci', 'sub', CIRCLECI],
    ['jenkins', 'sub', 'my https://jenkins/job/app'],
    ['jenkins', 'sub', 'https://jenkins/view/app'],
    ['buildkite', 'sub', 'organization:a:pipeline:b:ref:refs/heads/main:commit:c:step:d:commit:~'],
  ];
  for (const ref of ['a.b', 'a/b', 'a@b', 'a{b', 'a.locker', 'alock', 'a-.b', '@']) {
    POSSIBLE.push(['gitlab', 'ref', ref]);
  }
  it.each(POSSIBLE)('at %s, %s %s', (platform, name, value) => {
    expect(problemOf(platform, { [name]: value })).toBeUndefined();
  });
});

describe('a claim whose name is nearly right', () => {
  it.each<[Platform, string, string]>([
    ['github', 'repositoryId', 'repository_id'],
    ['github', 'Ref', 'ref'],
    ['kubernetes', 'kubernetes.io.serviceaccount.uid', UID],
    ['circleci', 'oidc.circleci.com.project-id', 'oidc.circleci.com/project-id'],
    ['bitbucket', 'repository_uuid', 'repositoryUuid'],
    ['bitbucket', 'repositoryUUID', 'repositoryUuid'],
    ['github', 'Runner-Environment', 'runner_environment'],
  ])('of %s, %s, is refused for %s', (platform, name, meant) => {
    expect(problemOf(platform, { [name]: 'x' })).toBe(`${name} is no claim of this platform: write ${meant}`);
  });
});

describe.each(PLATFORM_NAMES)('what %s documents', platform => {
  const token = PLATFORM_CLAIMS[platform];
  const texts = Object.fromEntries(
    claimsOf(platform).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
  const entry = {
    platform,
    issuer: ISSUER,
    ...(platform === 'generic' ? { requiredClaims: { always: ['team'], forPush: [] } } : {}),
  };
  const workload: Workload = {
    issuer: 'ci',
    platform,
    handle: accountHandle(ACCOUNT),
    subject: 'ci:x',
    claims: token,
    expiresAt: 0,
  };
  const trusting = (claims: Trust['claims']): Trust => ({
    ...{ account: ACCOUNT, id: 't', issuer: 'ci', claims, access: 'pull', repositories: null },
    ...{ networks: null, lifetimeSeconds: 60, createdAt: 0, createdBy: 'ibm:carol' },
  });

  it('is enough for a trust that allows push', () => {
    expect(missingClaims(requiredClaims(entry), texts, 'push')).toBeUndefined();
  });

  it('is possible, and is what a trust with any of it matches, and no other value', () => {
    const names = fc.subarray(Object.keys(texts), { minLength: 1 });
    fc.assert(
      fc.property(names, fc.nat(), (chosen, which) => {
        const claims = Object.fromEntries(chosen.map(name => [name, texts[name] ?? '']));
        expect(problemOf(platform, claims)).toBeUndefined();
        expect(trustMatches(trusting(claims), workload)).toBe(true);
        const other = chosen[which % chosen.length] ?? '';
        expect(trustMatches(trusting({ ...claims, [other]: `${claims[other]}0` }), workload)).toBe(false);
      }),
    );
  });

  it('and is no text can never be named', () => {
    const others = claimsOf(platform).filter(([, value]) => typeof value !== 'string');
    for (const [name] of others) {
      expect(problemOf(platform, { [name]: 'x' }), name).toContain('a trust compares texts');
    }
  });

  it('is read by its own name alone', () => {
    for (const name of Object.keys(DESCRIPTIONS[platform].claims)) {
      const nested = name.split('/').reduceRight<unknown>((inner, part) => ({ [part]: inner }), 'x');
      const read = [nested, { [name]: 'x' }].map(claims => claimOf({ platform, claims }, name));
      if (name.includes('/')) expect(new Set(read), name).toEqual(new Set(['x', undefined]));
    }
  });
});

it('ids of Gitea are compared by their digits, whether they are texts or numbers', () => {
  for (const repository_id of ['74', 74]) {
    expect(claimOf({ platform: 'gitea', claims: { repository_id } }, 'repository_id')).toBe('74');
  }
  for (const repository_id of [74.5, 2 ** 60, true, null, ['74']]) {
    expect(claimOf({ platform: 'gitea', claims: { repository_id } }, 'repository_id')).not.toBeTypeOf(
      'string',
    );
  }
  expect(claimOf({ platform: 'forgejo', claims: { repository_id: 74 } }, 'repository_id')).toBe(74);
});
