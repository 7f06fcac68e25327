/** Who asks for more than they may reads what they may. */
import { describe, expect, it } from 'vitest';
import { EVERYTHING, PULL, PULL_AND_PUSH } from '../../lib/domain/access.ts';
import { shortfall } from '../../lib/domain/allowance.ts';
import type { Permission } from '../../lib/domain/grant.ts';

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
    expect(shortfall(permissions, access, wanted)).toBe(expected);
  });
});
