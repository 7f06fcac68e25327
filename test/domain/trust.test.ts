/** Trusts: which workloads they cover, and what they cannot be made without. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Access } from '../../lib/domain/access.ts';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { CLAIM_NAME, PLATFORMS, type Platform } from '../../lib/domain/platforms.ts';
import {
  claimOf,
  firstDifference,
  missingClaims,
  permissionOfTrust,
  requiredClaims,
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
    networks: null,
    lifetimeSeconds: 3600,
    createdAt: 0,
    createdBy: 'ibm:carol',
    ...facts,
  };
}

function aWorkload(facts: Partial<Workload> = {}): Workload {
  return {
    issuer: 'github',
    platform: 'github',
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
    [
      'circleci',
      'push',
      { 'oidc.circleci.com/project-id': 'p' },
      'must name oidc.circleci.com/vcs-ref, and oidc.circleci.com/vcs-origin, because it allows push',
    ],
    ['kubernetes', 'pull', {}, `must name sub and ${uid}`],
    ['kubernetes', 'push', { sub }, `must name ${uid}`],
    ['kubernetes', 'push', { [uid]: 'u' }, 'must name sub'],
  ];
  it.each(MISSING)('in %s to %s, by %o', (platform, access, claims, problem) => {
    expect(missingClaims(PLATFORMS[platform].required, claims, access)).toBe(problem);
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
    expect(missingClaims(PLATFORMS[platform].required, claims, access)).toBeUndefined();
  });

  it('by what every object inherits', () => {
    const claims = Object.create({ project_id: '7' });
    expect(missingClaims(PLATFORMS.gitlab.required, claims, 'pull')).toBe('must name project_id');
    const push = Object.assign(Object.create({ ref_protected: 'true' }), { project_id: '7' });
    expect(missingClaims(PLATFORMS.gitlab.required, push, 'push')).toBe(
      'must name ref_protected, because it allows push',
    );
  });
});

describe('what a trust must name', () => {
  it('is what its platform requires', () => {
    expect(requiredClaims({ platform: 'github' })).toEqual({
      always: ['repository_id', 'repository_owner_id'],
      forPush: [['ref', 'environment', 'job_workflow_ref']],
    });
    expect(requiredClaims({ platform: 'generic' })).toEqual({ always: [], forPush: [] });
  });
  it('is also what its issuer adds, each once', () => {
    const added = { always: ['namespace_id', 'project_id'], forPush: [['environment', 'ref']] };
    expect(requiredClaims({ platform: 'gitlab', requiredClaims: added })).toEqual({
      always: ['project_id', 'namespace_id'],
      forPush: [['ref_protected'], ['environment', 'ref']],
    });
  });
});

describe('the first difference', () => {
  it.each<[string, Partial<Trust>, ReturnType<typeof firstDifference>]>([
    ['is none of a trust that matches', {}, undefined],
    [
      'is the issuer',
      { issuer: 'gitlab', account: 'ibm:rival' },
      { kind: 'issuer', name: 'issuer', expected: 'gitlab', actual: 'github' },
    ],
    [
      'is the account',
      { account: 'ibm:rival', claims: { ref: 'x' } },
      {
        kind: 'account',
        name: 'account',
        expected: accountHandle('ibm:rival'),
        actual: accountHandle(ACCOUNT),
      },
    ],
    [
      'is a claim',
      { claims: { repository_id: '74', ref: 'refs/heads/x', run_id: '8' } },
      { kind: 'claim', name: 'ref', expected: 'refs/heads/x', actual: 'refs/heads/main' },
    ],
    [
      'is a claim that is not there',
      { claims: { environment: 'prod' } },
      { kind: 'claim', name: 'environment', expected: 'prod', actual: undefined },
    ],
  ])('%s', (_, facts, difference) => {
    expect(firstDifference(aTrust(facts), aWorkload())).toEqual(difference);
  });
});

describe('a claim', () => {
  it.each<[Platform, string, unknown, unknown]>([
    ['circleci', 'oidc.circleci.com/vcs-ref', { 'oidc.circleci.com/vcs-ref': 'x' }, 'x'],
    ['circleci', 'oidc.circleci.com/vcs-ref', { 'oidc.circleci.com': { 'vcs-ref': 'x' } }, undefined],
    ['circleci', 'other/vcs-ref', { other: { 'vcs-ref': 'x' } }, 'x'],
    ['circleci', 'other/vcs-ref', { 'other/vcs-ref': 'x' }, undefined],
    ['generic', 'https://acme.example/tier', { 'https://acme.example/tier': 'x' }, 'x'],
    ['generic', 'http://acme.example/tier', { 'http://acme.example/tier': 'x' }, 'x'],
    ['generic', 'realm/tier', { realm: { tier: 'x' } }, 'x'],
    ['github', 'https://acme.example/tier', { 'https://acme.example/tier': 'x' }, undefined],
    ['gitea', 'actor_id', { actor_id: 7 }, '7'],
    ['gitea', 'run_id', { run_id: 7 }, 7],
    ['forgejo', 'actor_id', { actor_id: 7 }, 7],
  ])('at %s, %s, of %j is %j', (platform, name, claims, value) => {
    expect(claimOf({ platform, claims }, name)).toBe(value);
  });

  it.each([
    ['sub', true],
    ['Repository_id.x:y-9', true],
    ['kubernetes.io/serviceaccount/uid', true],
    ['https://acme.example/tier', true],
    ['http://acme.example/tier', true],
    ['', false],
    ['/sub', false],
    ['sub/', false],
    ['a//b', false],
    ['ftp://acme.example/tier', false],
    ['https:///tier', false],
    ['a b', false],
    ['a/b c', false],
    ['a\n', false],
    ['x?y/z', false],
  ])('may be named %j: %s', (name, expected) => expect(CLAIM_NAME.test(name)).toBe(expected));
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
