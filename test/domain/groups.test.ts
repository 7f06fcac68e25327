/** Groups: which of a claim a caller is in, which a policy can name, and whose they are. */
import { describe, expect, it } from 'vitest';
import { groupOf, groupsIn, isGroupOf, MAX_GROUPS } from '../../lib/domain/groups.ts';

const LONGEST_NAME = 'x'.repeat(256 - 'corp:'.length);

describe('groupOf', () => {
  it.each<[string, unknown, string | undefined]>([
    ['a name', 'dev', 'group:corp:dev'],
    ['a path', '/team/dev', 'group:corp:/team/dev'],
    ['the longest name that fits behind the issuer', LONGEST_NAME, `group:corp:${LONGEST_NAME}`],
    ['a name one longer', `${LONGEST_NAME}x`, undefined],
    ['a name with a space', 'the team', undefined],
    ['an empty name', '', undefined],
    ['a number', 7, undefined],
    ['nothing', undefined, undefined],
  ])('of %s', (_, name, group) => expect(groupOf('corp', name)).toBe(group));
});

describe('isGroupOf', () => {
  it.each([
    ['group:corp:dev', true],
    ['group:corp2:dev', false],
    ['group:rival:corp:dev', false],
    ['corp:dev', false],
    ['xgroup:corp:dev', false],
    ['*', false],
  ])('%s is a group of corp: %s', (subject, expected) => expect(isGroupOf('corp', subject)).toBe(expected));
});

describe('groupsIn', () => {
  const many = (count: number) => Array.from({ length: count }, (_, i) => `g${i}`);
  it('without a claim is none, and nothing is ignored', () => {
    expect(groupsIn(undefined, 'corp')).toEqual({ groups: [] });
  });
  it('is each group that a policy can name, once, in their order', () => {
    expect(groupsIn(['b', 'a', 'b', 7, 'no good', ''], 'corp')).toEqual({
      groups: ['group:corp:b', 'group:corp:a'],
    });
  });
  it.each([['dev'], [null], [{ 0: 'dev', length: 1 }]])('is none where the claim is %j, no list', claim => {
    expect(groupsIn(claim, 'corp')).toEqual({ groups: [], ignored: 'the groups claim is not a list' });
  });
  it('is all of fifty, and none of fifty-one', () => {
    expect(groupsIn(many(MAX_GROUPS), 'corp').groups).toHaveLength(50);
    expect(groupsIn(many(MAX_GROUPS + 1), 'corp')).toEqual({
      groups: [],
      ignored: '51 groups, more than 50',
    });
  });
});
