/** The grant: never wider than what is asked, what is allowed, what the account owns; and the sentence for who asks for more. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, EVERYTHING, PULL, PULL_AND_PUSH, parseScopes } from '../../lib/domain/access.ts';
import {
  coverage,
  denialDetail,
  formatScope,
  grant,
  intersect,
  isSubset,
  namespacesOf,
  type Permission,
} from '../../lib/domain/grant.ts';
import { namespace, nearName, nearScope, pattern, repository } from './arbitraries.ts';
import { reaches, readsAsRepository } from './oracles/repository.ts';

const ALL: readonly Action[] = ['delete', 'pull', 'push'];

function permission(repositories: readonly string[] | null, ...actions: Action[]): Permission {
  return { repositories, actions: new Set(actions) };
}

/** The grant as scopes, for one line of requested scopes. */
function granted(
  scopes: string,
  permissions: readonly Permission[],
  owned: readonly string[] = ['team'],
): string {
  return formatScope(grant(parseScopes([scopes]), permissions, new Set(owned)));
}

const everything = [permission(null, ...ALL)];

describe('grant', () => {
  const GIVEN: Record<string, [asked: string, permissions: readonly Permission[], given: string]> = {
    'what is asked and allowed': ['repository:team/app:pull', everything, 'repository:team/app:pull'],
    'no action that is not asked': ['repository:team/app:push', everything, 'repository:team/app:push'],
    'no action that is not allowed': [
      'repository:team/app:pull,push,delete',
      [permission(null, 'pull')],
      'repository:team/app:pull',
    ],
    'actions in their order, however they were asked': [
      'repository:team/app:push,pull,delete',
      [permission(null, 'push', 'delete', 'pull')],
      'repository:team/app:delete,pull,push',
    ],
    'a star spelled out': ['repository:team/app:*', everything, 'repository:team/app:delete,pull,push'],
    'a star no wider than what is allowed': [
      'repository:team/app:*',
      [permission(null, 'pull', 'push')],
      'repository:team/app:pull,push',
    ],
    'a star beside an action': [
      'repository:team/app:pull,*',
      [permission(null, 'pull', 'push')],
      'repository:team/app:pull,push',
    ],
    'the asked type without its class': [
      'repository(plugin):team/app:pull',
      everything,
      'repository:team/app:pull',
    ],
    'one entry for a repository that is asked twice': [
      'repository:team/app:pull repository:team/app:push',
      everything,
      'repository:team/app:pull,push',
    ],
    'what several permissions allow together': [
      'repository:team/app:*',
      [permission(['team/app'], 'pull'), permission(['team/*'], 'push'), permission(['team/b'], 'delete')],
      'repository:team/app:pull,push',
    ],
    'each repository by its own permission': [
      'repository:team/a:* repository:team/b:*',
      [permission(['team/a'], 'pull'), permission(['team/b'], 'push')],
      'repository:team/a:pull repository:team/b:push',
    ],
    'the entries that hold something, in the order in which they were asked': [
      'repository:team/z:pull repository:team/x:delete repository:team/a:pull',
      [permission(null, 'pull')],
      'repository:team/z:pull repository:team/a:pull',
    ],
    'what a pattern among several reaches': [
      'repository:team/b/web:pull',
      [permission(['team/a', 'team/b/*'], 'pull')],
      'repository:team/b/web:pull',
    ],
  };
  it.each(Object.entries(GIVEN))('grants %s', (_, [asked, permissions, given]) => {
    expect(granted(asked, permissions)).toBe(given);
  });

  const DENIED: Record<string, [asked: string, permissions: readonly Permission[]]> = {
    'what no permission allows': ['repository:team/app:*', []],
    'an empty list of actions': ['repository:team/app:', everything],
    'no action that registries know': ['repository:team/app:PULL,admin,pul', everything],
    'the list of all repositories': ['registry:catalog:*', everything],
    'the list of all repositories, dressed as one': ['repository:catalog:*', everything],
    'another type': ['image:team/app:pull', everything],
    'the type in capitals': ['Repository:team/app:pull', everything],
    'the type with a broken class': ['repository(plugin:team/app:pull', everything],
    'a permission without actions': ['repository:team/app:pull', [permission(null)]],
    'a permission for no repository': ['repository:team/app:pull', [permission([], ...ALL)]],
    'another repository': ['repository:team/app2:pull', [permission(['team/app'], ...ALL)]],
  };
  it.each(Object.entries(DENIED))('denies %s', (_, [asked, permissions]) => {
    expect(granted(asked, permissions)).toBe('');
  });

  const OUTSIDE = [
    ...[
      'team-evil/app',
      'teams/app',
      'tea/app',
      'Team/app',
      'team/../other/app',
      'team/./app',
      'team//app',
      'team',
    ],
    ...[
      'team/',
      '/team/app',
      'team%2fapp',
      'team%2Fapp',
      'team\\app',
      'localhost:5000/team/app',
      'other/team/app',
      '*',
    ],
    ...[
      'team/*',
      'team/app\n',
      'team\0/app',
      'ｔｅａｍ/app',
      'team/app%00',
      'TEAM/APP',
      'team./app',
      'team/App',
      'team／app',
    ],
  ];
  it.each(OUTSIDE)('with team or team/* never grants %j', name => {
    const [requested] = parseScopes([`repository:${name}:*`]);
    const open = [permission(null, ...ALL), permission(['team/*', 'team/app'], ...ALL)];
    expect(requested?.name).toBe(name);
    expect(grant(requested === undefined ? [] : [requested], open, new Set(['team']))).toEqual([]);
  });

  it('grants nothing in a namespace that the account does not own', () => {
    const open = [permission(null, ...ALL), permission(['team/*', 'team/app'], ...ALL)];
    expect(granted('repository:team/app:*', open, [])).toBe('');
    expect(granted('repository:team/app:*', open, ['other', 'tea', 'team/app', 'Team'])).toBe('');
  });

  it('is the intersection, for 10 000 requests, permissions and holdings', () => {
    let given = 0;
    const permissions = fc.array(
      fc.record({
        repositories: fc.option(
          fc.array(fc.oneof(fc.constantFrom('team/*', 'team/app', 'team/app/*'), pattern), { maxLength: 3 }),
        ),
        actions: fc.subarray([...ALL]).map(actions => new Set(actions)),
      }),
      { minLength: 1, maxLength: 3 },
    );
    const scope = fc
      .tuple(
        fc.oneof(fc.constantFrom('team/app', 'team/app/web', 'team-evil/app'), repository, nearName),
        fc.subarray([...ALL, '*']),
      )
      .map(([name, actions]) => `repository:${name}:${actions.join(',')}`);
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 3, arbitrary: scope }, nearScope), { maxLength: 4 }),
        permissions,
        fc.uniqueArray(fc.oneof(fc.constantFrom('team', 'team-evil'), namespace), { maxLength: 4 }),
        (scopes, allowed, owned) => {
          const requested = parseScopes(scopes);
          const result = grant(requested, allowed, new Set(owned));
          given += result.length;
          expect(result).toEqual(intersection(requested, allowed, owned));
        },
      ),
      { numRuns: 10_000 },
    );
    expect(given).toBeGreaterThan(1000);
  });
});

/** The rule again, action by action, over the independent reading of names and patterns. */
function intersection(
  requested: ReturnType<typeof parseScopes>,
  permissions: readonly Permission[],
  owned: readonly string[],
) {
  const entries = [];
  for (const { type, name, actions } of requested) {
    if (type !== 'repository' || !readsAsRepository(name)) continue;
    if (!owned.some(namespace => reaches(`${namespace}/*`, name))) continue;
    const given = ALL.filter(action => {
      const covers = (list: readonly string[] | null) => list === null || list.some(of => reaches(of, name));
      const allowed = permissions.some(one => one.actions.has(action) && covers(one.repositories));
      return allowed && (actions.has(action) || actions.has('*'));
    });
    if (given.length > 0) entries.push({ type: 'repository', name, actions: given });
  }
  return entries;
}

describe('namespacesOf', () => {
  it('are the namespaces of valid repositories, each once', () => {
    const asked = 'repository:team/a:pull repository:team/b:pull repository:other/a:pull';
    expect(namespacesOf(parseScopes([asked]))).toEqual(['team', 'other']);
  });
  it.each([
    'registry:catalog:*',
    'repository:team:pull',
    'repository:Team/app:pull',
    'image:team/app:pull',
    '',
  ])('is nothing for %j, without a read', scope => expect(namespacesOf(parseScopes([scope]))).toEqual([]));
});

/**
 * A small world: two namespaces, one of which only looks like a part of the other, and repositories up to three
 * segments deep. Below every prefix is one repository that no pattern names, as there may be one some day.
 */
const SEGMENTS = ['ab', 'abc'];
const PREFIXES = ['te', 'tea', ...['te', 'tea'].flatMap(top => SEGMENTS.map(below => `${top}/${below}`))];
const NAMED = PREFIXES.flatMap(prefix => SEGMENTS.map(below => `${prefix}/${below}`));
const REPOSITORIES = ['new/repository', ...NAMED, ...[...PREFIXES, ...NAMED].map(prefix => `${prefix}/new`)];
const PATTERNS = [...NAMED, ...PREFIXES.map(prefix => `${prefix}/*`), ...NAMED.map(name => `${name}/*`)];

const subset = fc.subarray([...ALL]).map(actions => new Set(actions));
const some = fc.record({
  repositories: fc.option(fc.array(fc.constantFrom(...PATTERNS), { maxLength: 4 }), { freq: 6 }),
  actions: subset,
});
const several = fc.array(some, { maxLength: 4 });

/** What can be done where, one repository and one action at a time. */
function extentOf(permissions: readonly Permission[]): string[] {
  return REPOSITORIES.flatMap(name =>
    ALL.filter(action =>
      permissions.some(
        ({ repositories, actions }) =>
          actions.has(action) && (repositories === null || repositories.some(one => reaches(one, name))),
      ),
    ).map(action => `${name}:${action}`),
  );
}

describe('intersect', () => {
  it('allows what both allow, in every possible repository', () => {
    let common = 0;
    fc.assert(
      fc.property(some, some, (one, bound) => {
        const both = extentOf([intersect(one, bound)]);
        common += both.length;
        expect(both).toEqual(extentOf([one]).filter(line => extentOf([bound]).includes(line)));
      }),
      { numRuns: 5000 },
    );
    expect(common).toBeGreaterThan(5000);
  });

  it.each<[string, readonly string[] | null, readonly string[] | null, readonly string[] | null]>([
    ['without bounds leaves everything', null, null, null],
    ['takes the bound where there was none', null, ['te/*'], ['te/*']],
    ['keeps what is narrower than no bound', ['te/*'], null, ['te/*']],
    ['keeps one of two that are alike', ['te/*', 'te/*'], ['te/*'], ['te/*']],
    ['takes the narrower of two', ['te/*', 'tea/x'], ['te/a', 'tea/*'], ['tea/x', 'te/a']],
    ['keeps nothing of what does not meet', ['te/*', 'te/a'], ['tea/*', 'te'], []],
    ['distinguishes a repository from those below it', ['te/a'], ['te/a/*'], []],
    ['has nothing in common with nothing', [], null, []],
  ])('%s', (_, one, bound, repositories) => {
    expect(intersect(permission(one, ...ALL), permission(bound, 'pull'))).toEqual(
      permission(repositories, 'pull'),
    );
  });
});

describe('isSubset', () => {
  it('is true exactly when no repository is allowed by the bound alone', () => {
    const found = { true: 0, false: 0 };
    fc.assert(
      fc.property(some, several, (bound, permissions) => {
        const allowed = new Set(extentOf(permissions));
        const expected = extentOf([bound]).every(line => allowed.has(line));
        found[`${expected}`]++;
        expect(isSubset(bound, permissions)).toBe(expected);
      }),
      { numRuns: 10_000 },
    );
    expect(Math.min(found.true, found.false)).toBeGreaterThan(1000);
  });

  it.each<[string, Permission, readonly Permission[], boolean]>([
    ['everything in everything', permission(null, ...ALL), everything, true],
    ['everything in a list', permission(null, 'pull'), [permission(['te/*', 'tea/*'], ...ALL)], false],
    ['a prefix in its parts', permission(['te/*'], 'pull'), [permission(['te/a', 'te/b/*'], 'pull')], false],
    [
      'actions that two allow together',
      permission(['te/a'], 'pull', 'push'),
      [permission(['te/*'], 'pull'), permission(['te/a'], 'push')],
      true,
    ],
    ['an action too many', permission(['te/a'], 'pull', 'push'), [permission(['te/*'], 'pull')], false],
    ['a look-alike', permission(['te-evil/a'], 'pull'), [permission(['te/*'], 'pull')], false],
    ['a prefix in itself', permission(['te/*'], 'pull'), [permission(['te/*'], 'pull')], true],
    ['something in nothing', permission(['te/a'], 'pull'), [], false],
    ['no repository in nothing', permission([], 'pull'), [], true],
  ])('%s', (_, bound, permissions, within) => expect(isSubset(bound, permissions)).toBe(within));
});

describe('coverage', () => {
  it('covers the repositories where one permission allows all the actions, without redundant patterns', () => {
    let reached = 0;
    fc.assert(
      fc.property(several, fc.subarray([...ALL], { minLength: 1 }), (permissions, actions) => {
        const reach = coverage(permissions, new Set(actions));
        const able = permissions.filter(one => actions.every(action => one.actions.has(action)));
        const restricted = able.map(({ repositories }) => permission(repositories, ...actions));
        expect(extentOf([permission(reach, ...actions)])).toEqual(extentOf(restricted));
        expect(isSubset(permission(reach, ...actions), permissions)).toBe(true);
        for (const one of reach ?? []) {
          expect((reach ?? []).filter(other => other !== one && reaches(other, one))).toEqual([]);
        }
        expect(new Set(reach).size).toBe(reach?.length ?? 0);
        reached += reach?.length ?? 0;
      }),
      { numRuns: 5000 },
    );
    expect(reached).toBeGreaterThan(1000);
  });

  it.each<[string, readonly Permission[], readonly string[] | null]>([
    [
      'everything, for permissions without bounds',
      [permission(['te/*'], 'pull'), permission(null, 'pull')],
      null,
    ],
    ['nothing, without permissions', [], []],
    ['nothing, where the action is not allowed', [permission(null, 'push')], []],
    [
      'what several allow, without what others cover',
      [permission(['te/a', 'te/b/*', 'te/a'], 'pull'), permission(['te/b/c', 'tea/*'], 'pull', 'push')],
      ['te/a', 'te/b/*', 'tea/*'],
    ],
  ])('is %s', (_, permissions, reach) => {
    expect(coverage(permissions, new Set<Action>(['pull']))).toEqual(reach);
  });
});

describe('formatScope', () => {
  it('writes what parseScopes reads back as the same', () => {
    const entry = fc.record({
      type: fc.constant('repository' as const),
      name: repository,
      actions: fc.subarray([...ALL], { minLength: 1 }),
    });
    fc.assert(
      fc.property(fc.uniqueArray(entry, { selector: ({ name }) => name }), entries => {
        const read = parseScopes([formatScope(entries)]);
        expect(read.map(({ type, name, actions }) => ({ type, name, actions: [...actions] }))).toEqual(
          entries,
        );
      }),
    );
  });
});

const ALL_PULL: Permission = { repositories: null, actions: PULL };
const many = Array.from({ length: 10 }, (_, i) => `team-a/r${i}`);

describe('what a caller reads who asks for more than it may', () => {
  it.each<[string, Permission[], 'pull' | 'push', string[] | null, string]>([
    [
      'push with a pull-only token',
      [ALL_PULL],
      'push',
      null,
      'The parent may pull from every repository of its account, and push to none.',
    ],
    [
      'push to one of two repositories',
      [{ repositories: ['team-a/app'], actions: PULL_AND_PUSH }, ALL_PULL],
      'push',
      ['team-a/app', 'team-a/web'],
      'The parent may pull from every repository of its account, and push to team-a/app. It may not push to team-a/web.',
    ],
    [
      'another namespace',
      [{ repositories: ['team-a/*'], actions: EVERYTHING }],
      'pull',
      ['team-b/app', 'team-c/*'],
      'The parent may pull from and push to team-a/*. It may not pull from team-b/app or team-c/*.',
    ],
    [
      'anything, without a role',
      [],
      'pull',
      null,
      'The parent may neither pull nor push: no policy or trust gives it a repository.',
    ],
    [
      'one beside many',
      [{ repositories: many, actions: PULL }],
      'pull',
      ['team-a/x'],
      `The parent may pull from ${many.slice(0, 8).join(', ')} and 2 more, and push to none. It may not pull from team-a/x.`,
    ],
  ])('%s', (_, permissions, access, wanted, expected) => {
    expect(denialDetail(permissions, access, wanted)).toBe(expected);
  });
});
