/** Trusts: which workloads they cover, what they cannot be made without, and claims that no token of a platform has. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Access } from '../../lib/domain/access.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import {
  impossibleClaim,
  missingClaims,
  type Platform,
  permissionOfTrust,
  type Trust,
  trustMatches,
  type Workload,
  workloadAudience,
} from '../../lib/domain/trust.ts';

const ACCOUNT = 'ibm:acme';
const CLAIMS = { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/main' };

function aTrust(facts: Partial<Trust> = {}): Trust {
  return {
    account: ACCOUNT,
    id: 't1',
    issuer: 'github',
    claims: CLAIMS,
    access: 'pull',
    repositories: null,
    lifetimeSeconds: 3600,
    createdAt: 0,
    createdBy: 'ibm:carol',
    ...facts,
  };
}

function aWorkload(facts: Partial<Workload> = {}): Workload {
  return {
    issuer: 'github',
    handle: accountHandle(ACCOUNT),
    subject: 'github:repo:acme/app:ref:refs/heads/main',
    claims: { ...CLAIMS, sub: 'repo:acme/app:ref:refs/heads/main', run_id: '9' },
    expiresAt: 60,
    ...facts,
  };
}

describe('a trust covers', () => {
  it('a workload that has all of its claims, and others', () => {
    expect(trustMatches(aTrust(), aWorkload())).toBe(true);
  });

  it('a claim of a member inside a member', () => {
    const claims = { 'kubernetes.io/serviceaccount/uid': 'u-1' };
    const nested = { 'kubernetes.io': { serviceaccount: { uid: 'u-1' } } };
    expect(trustMatches(aTrust({ claims }), aWorkload({ claims: nested }))).toBe(true);
  });

  it.each<[string, Partial<Trust>]>([
    ['of another issuer', { issuer: 'gitlab' }],
    ['of another account', { account: 'ibm:rival' }],
    ['of the equal account at another issuer', { account: 'dev:acme' }],
    ['when it names no claim', { claims: {} }],
    ['when one of its claims is another', { claims: { ...CLAIMS, repository_id: '75' } }],
    ['when one of its claims is in another case', { claims: { ...CLAIMS, ref: 'refs/heads/Main' } }],
    ['when one of its claims only begins alike', { claims: { ...CLAIMS, ref: 'refs/heads/mai' } }],
    ['when one of its claims looks like a pattern', { claims: { ...CLAIMS, ref: 'refs/heads/*' } }],
    ['when one of its claims is missing', { claims: { ...CLAIMS, environment: 'production' } }],
  ])('no workload %s', (_, facts) => {
    expect(trustMatches(aTrust(facts), aWorkload())).toBe(false);
  });

  it.each<[string, unknown]>([
    ['a number', 74],
    ['a list of it', ['74']],
    ['an object', { toString: () => '74' }],
    ['true', true],
    ['null', null],
    ['nothing', undefined],
  ])('only strings that are equal, not %s', (_, repository_id) => {
    const trust = aTrust({ claims: { repository_id: '74' } });
    expect(trustMatches(trust, aWorkload({ claims: { repository_id } }))).toBe(false);
    expect(trustMatches(trust, aWorkload({ claims: { repository_id: '74' } }))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['what every object inherits', Object.create({ a: { b: 'x' } })],
    ['a claim whose own name holds the slash', { 'a/b': 'x' }],
    ['a string in the place of an object', { a: 'x' }],
    ['a list in the place of an object', { a: [['b', 'x']] }],
    ['nothing at all', null],
    ['no object', 'a'],
  ])('not by %s', (_, claims) => {
    expect(trustMatches(aTrust({ claims: { 'a/b': 'x' } }), aWorkload({ claims }))).toBe(false);
  });

  it('not the length of a string, nor names that every object inherits', () => {
    for (const name of ['a/length', 'constructor/name', 'toString', '__proto__/a', 'a/0']) {
      expect(
        trustMatches(aTrust({ claims: { [name]: 'Object' } }), aWorkload({ claims: { a: 'Object' } })),
      ).toBe(false);
      expect(trustMatches(aTrust({ claims: { [name]: '6' } }), aWorkload({ claims: { a: 'Object' } }))).toBe(
        false,
      );
    }
  });

  it('exactly the workloads of which every named claim is equal', () => {
    const values = fc.constantFrom('x', 'y', 1, null);
    const name = fc.constantFrom('a', 'b', 'c');
    fc.assert(
      fc.property(
        fc.dictionary(name, fc.constantFrom('x', 'y'), { minKeys: 1 }),
        fc.dictionary(name, values),
        (wanted, claims) => {
          const equal = ['a', 'b', 'c'].filter(
            key => wanted[key] !== undefined && wanted[key] === claims[key],
          );
          expect(trustMatches(aTrust({ claims: wanted }), aWorkload({ claims }))).toBe(
            equal.length === Object.keys(wanted).length,
          );
        },
      ),
    );
  });
});

describe('a trust cannot be made', () => {
  const sub = 'system:serviceaccount:build:pusher';
  const uid = 'kubernetes.io/serviceaccount/uid';
  const MISSING: [Platform, Access, Record<string, string>, string][] = [
    ['github', 'pull', {}, 'must name repository_id and repository_owner_id'],
    ['github', 'pull', { repository: 'acme/app' }, 'must name repository_id and repository_owner_id'],
    ['github', 'pull', { repository_id: '7' }, 'must name repository_owner_id'],
    ['github', 'pull', { repository_owner_id: '7', sub: 'x' }, 'must name repository_id'],
    [
      'github',
      'push',
      { repository_id: '7', repository_owner_id: '6', sub: 'x' },
      'must name ref or environment or job_workflow_ref, because it allows push',
    ],
    ['gitlab', 'pull', {}, 'must name project_id'],
    ['gitlab', 'pull', { project_path: 'acme/app', ref_protected: 'true' }, 'must name project_id'],
    ['gitlab', 'push', { project_id: '7', ref: 'main' }, 'must name ref_protected, because it allows push'],
    [
      'gitlab',
      'push',
      { project_id: '7', ref_protected: 'false' },
      'must name ref_protected, because it allows push',
    ],
    ['kubernetes', 'pull', {}, `must name sub and ${uid}`],
    ['kubernetes', 'push', { sub }, `must name ${uid}`],
    ['kubernetes', 'push', { [uid]: 'u' }, 'must name sub'],
  ];
  it.each(MISSING)('in %s to %s, by %o', (platform, access, claims, problem) => {
    expect(missingClaims(platform, claims, access)).toBe(problem);
  });

  const ENOUGH: [Platform, Access, Record<string, string>][] = [
    ['github', 'pull', { repository_id: '7', repository_owner_id: '6' }],
    ['github', 'push', { repository_id: '7', repository_owner_id: '6', ref: 'refs/heads/main' }],
    ['github', 'push', { repository_id: '7', repository_owner_id: '6', environment: 'production' }],
    ['github', 'push', { repository_id: '7', repository_owner_id: '6', job_workflow_ref: 'a/b/c.yml@v1' }],
    ['gitlab', 'pull', { project_id: '7' }],
    ['gitlab', 'push', { project_id: '7', ref_protected: 'true' }],
    ['kubernetes', 'pull', { sub, [uid]: 'u' }],
    ['kubernetes', 'push', { sub, [uid]: 'u' }],
  ];
  it.each(ENOUGH)('in %s to %s, unless by as much as %o', (platform, access, claims) => {
    expect(missingClaims(platform, claims, access)).toBeUndefined();
  });

  it('by what every object inherits', () => {
    const claims = Object.create({ project_id: '7' });
    expect(missingClaims('gitlab', claims, 'pull')).toBe('must name project_id');
    const push = Object.assign(Object.create({ ref_protected: 'true' }), { project_id: '7' });
    expect(missingClaims('gitlab', push, 'push')).toBe('must name ref_protected, because it allows push');
  });
});

it('a trust allows its access in its repositories', () => {
  expect(permissionOfTrust(aTrust({ access: 'push', repositories: ['team-a/*'] }))).toEqual({
    repositories: ['team-a/*'],
    actions: new Set(['pull', 'push']),
  });
  expect(permissionOfTrust(aTrust())).toEqual({ repositories: null, actions: new Set(['pull']) });
});

it('the audience of a workload names the deployment and the account', () => {
  expect(workloadAudience('https://pullpass.example', 'abc')).toBe('https://pullpass.example/accounts/abc');
});

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
