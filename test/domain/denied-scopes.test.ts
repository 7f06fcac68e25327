/** Why a login got less than it asked for: one reason for each resource that is not granted in full, and for no other. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Action, parseScopes, type RequestedAccess } from '../../lib/domain/access.ts';
import { deniedScopes, grant, type Permission } from '../../lib/domain/grant.ts';
import { namespace, nearScope, pattern } from './arbitraries.ts';

const ALL: readonly Action[] = ['delete', 'pull', 'push'];

function permission(repositories: readonly string[] | null, ...actions: Action[]): Permission {
  return { repositories, actions: new Set(actions) };
}

function rulesFor(scopes: string, permissions: readonly Permission[], owned: readonly string[] = ['team']) {
  return deniedScopes(parseScopes([scopes]), permissions, new Set(owned)).map(
    ({ name, rule }) => `${name} ${rule}`,
  );
}

describe('shortfalls', () => {
  const reader = [permission(['team/app', 'team/b/*'], 'pull')];
  const REPORTED: Record<string, [asked: string, permissions: readonly Permission[], reported: string[]]> = {
    'the action that nothing allows': [
      'repository:team/app:pull,push',
      reader,
      ['team/app action-not-allowed'],
    ],
    'an action that registries do not know': [
      'repository:team/app:admin',
      reader,
      ['team/app action-not-allowed'],
    ],
    'an action beside the wildcard': ['repository:team/app:*,push', reader, ['team/app action-not-allowed']],
    'the repository that nothing reaches': [
      'repository:team/z:pull',
      reader,
      ['team/z repository-not-allowed'],
    ],
    'the namespace that the account does not hold': [
      'repository:other/app:pull',
      reader,
      ['other/app namespace-not-held'],
    ],
    'a caller for whom there is no rule, first of all': [
      'repository:other/app:pull',
      [],
      ['other/app caller-not-named'],
    ],
    'what is no repository': ['registry:catalog:*', reader, ['catalog not-a-repository']],
    'what is no repository, also to a caller without rules': [
      'repository:team:pull',
      [],
      ['team not-a-repository'],
    ],
    'each by its own rule': [
      'repository:team/b/x:push repository:team/app:pull repository:team/c:pull',
      reader,
      ['team/b/x action-not-allowed', 'team/c repository-not-allowed'],
    ],
    'nothing, when everything is given': ['repository:team/app:pull repository:team/b/x:pull', reader, []],
    'nothing, when the wildcard was granted what is allowed': ['repository:team/app:*', reader, []],
    'nothing, when nothing is asked': ['repository:other/app: registry:catalog:', [], []],
  };
  it.each(Object.entries(REPORTED))('report %s', (_, [asked, permissions, reported]) => {
    expect(rulesFor(asked, permissions)).toEqual(reported);
  });

  it('are exactly the scopes where the grant is less than the request', () => {
    const permissions = fc.array(
      fc.record({
        repositories: fc.option(fc.array(pattern, { minLength: 1, maxLength: 3 }), { nil: null }),
        actions: fc.subarray([...ALL], { minLength: 1 }).map(list => new Set(list)),
      }),
      { maxLength: 3 },
    );
    let short = 0;
    fc.assert(
      fc.property(
        fc.array(nearScope, { maxLength: 4 }),
        permissions,
        fc.array(namespace, { maxLength: 3 }),
        (scopes, allowed, owned) => {
          const requested = parseScopes(scopes);
          const reported = deniedScopes(requested, allowed, new Set(owned)).map(({ name }) => name);
          const expected = requested.filter(one => fellShort(one, allowed, owned)).map(({ name }) => name);
          short += reported.length;
          expect(reported).toEqual(expected);
        },
      ),
      { numRuns: 5000 },
    );
    expect(short).toBeGreaterThan(1000);
  });
});

/** Judged by what was given alone: the wildcard is content with anything, every other action with itself. */
function fellShort(
  asked: RequestedAccess,
  allowed: readonly Permission[],
  owned: readonly string[],
): boolean {
  const given = grant([asked], allowed, new Set(owned)).flatMap(({ actions }) => [...actions] as string[]);
  return [...asked.actions].some(action => (action === '*' ? given.length === 0 : !given.includes(action)));
}
