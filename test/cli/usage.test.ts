/** `pullpass usage` against a whole deployment, for people and for programs. */

import { describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { usageStore } from '../../lib/store/usage-store.ts';
import { NOW } from '../support/records.ts';
import { alice, served, useAlice, useServed } from './support/served.ts';

const TOKEN = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';

useServed();
useAlice();

describe('usage', () => {
  it('prints an empty table, and an empty list for programs', async () => {
    expect(await alice.says('usage')).toBe(
      'DAY          TOKEN ID                               PULLS       REPOSITORY\n',
    );
    expect(await alice.json('usage')).toEqual([]);
  });

  it('prints all pages, the latest day first, and what is asked for', async () => {
    const { table, world } = served.deployment;
    const usage = usageStore({ table, randomBytes: world.randomBytes });
    const pull = { handle: accountHandle('dev:acme'), pullsPerDay: null, token: TOKEN };
    for (let day = 0; day < 250; day++) {
      await usage.count({ ...pull, repository: 'team-a/app' }, NOW - day * DAY_SECONDS);
    }
    await usage.count({ ...pull, repository: 'team-a/app' }, NOW);
    await usage.count({ ...pull, repository: 'team-a/tool' }, NOW);
    expect(await alice.says('usage', '--from', '2026-11-20')).toBe(
      [
        'DAY          TOKEN ID                               PULLS       REPOSITORY',
        `2026-11-21   ${TOKEN}   1           team-a/tool`,
        `2026-11-21   ${TOKEN}   2           team-a/app`,
        `2026-11-20   ${TOKEN}   1           team-a/app`,
        '',
      ].join('\n'),
    );
    expect(await alice.json('usage', '--repository', 'team-a/tool', '--token', TOKEN.toUpperCase())).toEqual([
      { day: '2026-11-21', token: TOKEN, repository: 'team-a/tool', pulls: 1 },
    ]);
    expect(await alice.json('usage', '--from', '2026-01-01', '--to', '2026-11-20')).toHaveLength(249);
    expect(await alice.json('usage')).toHaveLength(31);
  });

  it.each([
    [['--from', 'yesterday'], 'A day must be written as in 2026-11-21.'],
    [['--to', '2026-02-30'], 'A day must be written as in 2026-11-21.'],
    [['--token', 'plp_x'], 'An identifier must be a UUID'],
    [['--repository', 'team-a/*'], 'must be one name without a *'],
    [['--repository', 'team-a'], "'team-a' is a namespace, not a repository"],
  ])('refuses %j as a mistake in the command line', async (args, message) => {
    const { code, stderr } = await alice.pullpass(['usage', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says what the deployment refuses', async () => {
    const { code, stderr } = await alice.pullpass(['usage', '--from', '2026-11-22']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must not be after the last day')]);
  });
});
