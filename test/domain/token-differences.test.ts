/** A wanted token: which members differ from the token there is, and the change that makes it so. */
import { describe, expect, it } from 'vitest';
import { changeTo, differences, type WantedToken } from '../../lib/domain/token-differences.ts';
import type { TokenRecord } from '../../lib/domain/token-record.ts';
import { aToken, NOW } from '../support/records.ts';

const TOKEN = aToken({
  description: 'ci',
  repositories: ['a/b', 'a/c'],
  labels: { team: 'a', env: 'prod' },
  owner: 'ann',
  networks: ['10.0.0.0/8'],
  pullsPerDay: 5,
  selfRotate: true,
  expiresAt: NOW + 600,
});
const BARE = aToken({ derivation: null, expiresAt: null });

describe('differences', () => {
  it.each<[string, TokenRecord, WantedToken]>([
    ['nothing is wanted', TOKEN, {}],
    [
      'all is as wanted, lists and labels in any order',
      TOKEN,
      {
        ...{
          description: 'ci',
          access: 'pull',
          nonExpiring: false,
          expiresInSeconds: 600,
          retrievable: true,
        },
        ...{ repositories: ['a/c', 'a/b'], labels: { env: 'prod', team: 'a' }, owner: 'ann' },
        ...{ networks: ['10.0.0.0/8'], limits: { pullsPerDay: 5 }, selfRotate: true },
      },
    ],
    [
      'nothing is set, as wanted',
      BARE,
      {
        ...{ description: '', nonExpiring: true, retrievable: false, repositories: null, labels: {} },
        ...{ owner: null, networks: null, limits: null, selfRotate: false },
      },
    ],
    ['limits without a number are wanted of a token without limits', BARE, { limits: {} }],
  ])('are none where %s', (_, token, wanted) => expect(differences(token, wanted)).toEqual([]));

  it.each<[keyof WantedToken, WantedToken]>([
    ['description', { description: 'x' }],
    ['access', { access: 'push' }],
    ['nonExpiring', { nonExpiring: true }],
    ['expiresInSeconds', { expiresInSeconds: 601 }],
    ['repositories', { repositories: null }],
    ['repositories', { repositories: ['a/b'] }],
    ['repositories', { repositories: ['a/b', 'a/d'] }],
    ['repositories', { repositories: ['a/b', 'a/c', 'a/d'] }],
    ['retrievable', { retrievable: false }],
    ['limits', { limits: null }],
    ['limits', { limits: { pullsPerDay: 6 } }],
    ['labels', { labels: { team: 'a', env: 'test' } }],
    ['labels', { labels: {} }],
    ['owner', { owner: null }],
    ['networks', { networks: null }],
    ['networks', { networks: ['10.0.0.0/16'] }],
    ['selfRotate', { selfRotate: false }],
  ])('are %s where that is another: %j', (member, wanted) => {
    expect(differences(TOKEN, wanted)).toEqual([member]);
  });

  it.each<[keyof WantedToken, WantedToken]>([
    ['repositories', { repositories: [] }],
    ['networks', { networks: ['10.0.0.0/8'] }],
    ['nonExpiring', { nonExpiring: false }],
    ['expiresInSeconds', { expiresInSeconds: 600 }],
    ['retrievable', { retrievable: true }],
  ])('are %s where a token without it should have it: %j', (member, wanted) => {
    expect(differences(BARE, wanted)).toEqual([member]);
  });

  it('are listed in one order', () => {
    const wanted: WantedToken = { selfRotate: false, owner: 'bob', access: 'push' };
    expect(differences(TOKEN, wanted)).toEqual(['access', 'owner', 'selfRotate']);
  });
});

describe('changeTo', () => {
  const to = (wanted: WantedToken, life: number | null = 600, token = TOKEN) =>
    changeTo(token, wanted, { life, now: NOW });

  it('changes what a patch can change, as it is wanted', () => {
    const wanted = { description: 'x', access: 'push', owner: null } as const;
    expect(to(wanted)).toStrictEqual({ patch: wanted, problems: [] });
  });

  it.each<[string, WantedToken, number | null]>([
    ['a number of pulls', { limits: { pullsPerDay: 7 } }, 7],
    ['limits without a number', { limits: {} }, null],
    ['no limits', { limits: null }, null],
  ])('sets the pulls of a day to what %s say', (_, wanted, pullsPerDay) => {
    expect(to(wanted)).toStrictEqual({ patch: { pullsPerDay }, problems: [] });
  });

  it.each<[string, WantedToken, number | null, number | null]>([
    ['later', { expiresInSeconds: 900 }, 900, NOW + 900],
    ['sooner', { expiresInSeconds: 60 }, 60, NOW + 60],
    ['never', { nonExpiring: true }, null, null],
  ])('lets a token end %s', (_, wanted, life, expiresAt) => {
    expect(to(wanted, life)).toStrictEqual({ patch: { expiresAt }, problems: [] });
  });

  it('leaves the end as it is where it is as wanted', () => {
    expect(to({ expiresInSeconds: 600, nonExpiring: false, retrievable: true })).toStrictEqual({
      patch: {},
      problems: [],
    });
  });

  it('refuses another kind of value', () => {
    expect(to({ retrievable: false }).problems).toEqual([
      { path: 'retrievable', message: 'cannot be changed; remove the token first' },
    ]);
  });

  it.each<[string, number, boolean]>([
    ['a second ago', 99, true],
    ['now', 100, true],
    ['in a second', 101, false],
  ])('of a token whose wanted end is %s', (_, expiresInSeconds, isOver) => {
    const token = aToken({ createdAt: NOW - 100, expiresAt: NOW + 500 });
    const message =
      'counts from when the token was added (2026-11-21T06:58:20Z) and is over; remove the token first';
    expect(to({ expiresInSeconds }, expiresInSeconds, token).problems).toEqual(
      isOver ? [{ path: 'expiresInSeconds', message }] : [],
    );
  });

  it('does not look at the end of a token that ends as wanted', () => {
    const token = aToken({ createdAt: NOW - 100, expiresAt: NOW });
    expect(to({ expiresInSeconds: 100 }, 100, token).problems).toEqual([]);
  });
});
