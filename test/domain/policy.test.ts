/** Policies: what they give, to whom, and that no account gives what belongs to another. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Identity } from '../../lib/domain/identity.ts';
import {
  groupOfAdministrator,
  type HeldRole,
  MAX_RULE_BYTES,
  MAX_RULES,
  mayAdminister,
  type Policy,
  permissionsOf,
  policyProblem,
  type Role,
  rolesOf,
} from '../../lib/domain/policy.ts';

const ALICE: Identity = {
  kind: 'iambearer',
  issuer: 'ibm',
  account: 'ibm:acme',
  subject: 'ibm:alice',
  strength: 'strong',
  expiresAt: null,
  nonce: null,
};
const ROLES: readonly Role[] = ['reader', 'writer', 'manager', 'administrator'];

function aPolicy(facts: Partial<Policy> = {}): Policy {
  return {
    account: 'ibm:acme',
    id: 'p1',
    subject: 'ibm:alice',
    role: 'reader',
    repositories: ['team-a/*'],
    createdAt: 0,
    createdBy: 'ibm:carol',
    ...facts,
  };
}

describe('the roles of an identity', () => {
  it('come from policies that name the identity', () => {
    expect(rolesOf(ALICE, [], [aPolicy()])).toEqual([
      { role: 'reader', repositories: ['team-a/*'], source: { policy: 'p1' } },
    ]);
  });

  it('come from policies for all identities of the account', () => {
    const forAll = aPolicy({ subject: '*', role: 'writer', repositories: null });
    expect(rolesOf(ALICE, [], [forAll])).toEqual([
      { role: 'writer', repositories: null, source: { policy: 'p1' } },
    ]);
  });

  it('list that of the configuration first, then those of policies', () => {
    const administrators = [{ account: ALICE.account, subject: ALICE.subject }];
    const policies = [aPolicy(), aPolicy({ id: 'p2', role: 'manager' })];
    expect(rolesOf(ALICE, administrators, policies).map(({ role, source }) => [role, source])).toEqual([
      ['administrator', 'configuration'],
      ['reader', { policy: 'p1' }],
      ['manager', { policy: 'p2' }],
    ]);
  });

  it.each<[string, Partial<Policy>]>([
    ['for another identity', { subject: 'ibm:bob' }],
    ['for another identity whose name begins alike', { subject: 'ibm:alice2' }],
    ['of another account', { account: 'ibm:rival' }],
    ['of another account, for every identity there', { account: 'ibm:rival', subject: '*' }],
    ['of the equal account at another issuer', { account: 'dev:acme', subject: '*' }],
    ['for the equal subject at another issuer', { subject: 'dev:alice' }],
  ])('are not those of policies %s', (_, facts) => {
    expect(rolesOf(ALICE, [], [aPolicy(facts)])).toEqual([]);
  });
});

describe('what roles allow', () => {
  const ALLOWED: Record<Role, string[]> = {
    reader: ['pull'],
    writer: ['pull', 'push'],
    manager: ['delete', 'pull', 'push'],
    administrator: ['delete', 'pull', 'push'],
  };
  it.each(ROLES)('a %s', role => {
    const roles: HeldRole[] = [{ role, repositories: ['team-a/app'], source: { policy: 'p1' } }];
    const [permission, ...others] = permissionsOf(roles);
    expect(others).toEqual([]);
    expect([permission?.repositories, [...(permission?.actions ?? [])].sort()]).toEqual([
      ['team-a/app'],
      ALLOWED[role],
    ]);
  });

  it('each in its own repositories', () => {
    const roles: HeldRole[] = [
      { role: 'reader', repositories: null, source: { policy: 'p1' } },
      { role: 'manager', repositories: ['team-a/*'], source: { policy: 'p2' } },
    ];
    expect(permissionsOf(roles).map(({ repositories, actions }) => [repositories, actions.size])).toEqual([
      [null, 1],
      [['team-a/*'], 3],
    ]);
  });
});

describe('an identity that may administer', () => {
  const held = (role: Role, repositories: string[] | null): HeldRole => ({
    role,
    repositories,
    source: { policy: 'p1' },
  });
  it('needs the role administrator in the whole account', () => {
    expect(mayAdminister([held('reader', null), held('administrator', null)])).toBe(true);
  });
  it.each<[string, HeldRole[]]>([
    ['an identity without a role', []],
    ['no manager of everything', [held('manager', null), held('writer', null)]],
    ['no administrator of some repositories', [held('administrator', ['team-a/*'])]],
  ])('is %s', (_, roles) => {
    expect(mayAdminister(roles)).toBe(false);
  });
});

describe('a policy that may be made', () => {
  it('allows all identities to be writers at most, and administrators only of the whole account', () => {
    const facts = fc.record({
      subject: fc.constantFrom('*' as const, 'ibm:alice' as const),
      role: fc.constantFrom(...ROLES),
      repositories: fc.constantFrom(null, ['team-a/*']),
    });
    fc.assert(
      fc.property(facts, asked => {
        const { subject, role, repositories } = asked;
        const tooMuch = subject === '*' && ['administrator', 'manager'].includes(role);
        const tooLittle = role === 'administrator' && repositories !== null;
        expect(policyProblem(asked) === undefined).toBe(!tooMuch && !tooLittle);
      }),
    );
  });

  it('differs from a caller who may not', () => {
    const of = (role: Role, subject: Policy['subject'], repositories: string[] | null) =>
      policyProblem({ role, subject, repositories });
    expect(of('manager', '*', null)).toBe('every identity may be reader or writer at most');
    expect(of('administrator', '*', ['team-a/*'])).toBe('every identity may be reader or writer at most');
    expect(of('administrator', 'ibm:alice', ['team-a/*'])).toBe(
      'an administrator is one of the whole account',
    );
  });
});

it('the rules of an account are bounded in number and in size', () => {
  expect([MAX_RULES, MAX_RULE_BYTES]).toEqual([500, 65_536]);
});

describe('groups', () => {
  it('give exactly the policies that name them, each with the group that gave it', () => {
    const names = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'd'), { maxLength: 4 });
    const subjects = fc.array(fc.constantFrom('group:ibm:a', 'group:ibm:b', 'group:dev:a', 'ibm:a', 'a:b'));
    fc.assert(
      fc.property(names, subjects, (groups, named) => {
        const policies = named.map((subject, i) =>
          aPolicy({ id: `p${i}`, subject: subject as Policy['subject'] }),
        );
        const identity = { ...ALICE, groups: { groups: groups.map(name => `group:ibm:${name}` as const) } };
        const given = rolesOf(identity, [], policies).map(({ source }) => source);
        const expected = named.flatMap((subject, i) =>
          groups.some(name => subject === `group:ibm:${name}`) ? [{ policy: `p${i}`, group: subject }] : [],
        );
        expect(given).toEqual(expected);
      }),
    );
  });

  it('are named for an administrator only who is one by them alone', () => {
    const group = {
      role: 'administrator',
      repositories: null,
      source: { policy: 'p1', group: 'group:ibm:a' },
    } as const;
    const own = { role: 'administrator', repositories: null, source: { policy: 'p2' } } as const;
    const reader = { role: 'reader', repositories: null, source: { policy: 'p3' } } as const;
    expect(groupOfAdministrator([reader, group])).toBe('group:ibm:a');
    expect(groupOfAdministrator([group, own])).toBeUndefined();
    expect(groupOfAdministrator([reader])).toBeUndefined();
    expect(groupOfAdministrator([])).toBeUndefined();
  });
});
