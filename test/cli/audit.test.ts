/** `pullpass audit` against a whole deployment, for people and for programs. */

import { describe, expect, it } from 'vitest';
import { alice, served, useAlice, useServed } from './support/served.ts';

useServed();
useAlice();

const HEADING = `AT${' '.repeat(21)}ACT${' '.repeat(18)}TARGET${' '.repeat(33)}FROM${' '.repeat(14)}SUBJECT`;

describe('audit', () => {
  it('prints an empty table, and an empty list for programs', async () => {
    expect(await alice.says('audit')).toBe(`${HEADING}\n`);
    expect(await alice.json('audit')).toEqual([]);
  });

  it('prints all pages, the newest first, and what is asked for', async () => {
    const { id } = (await alice.json('token-add')) as { id: string };
    for (let i = 0; i < 205; i++) {
      await served.deployment.as('acme:alice')(`PUT /v1/namespaces/team-${i}`);
      served.deployment.wait(60);
    }
    await alice.says('token-update', id, '--disable');
    const [heading, newest, second] = (await alice.says('audit')).split('\n');
    expect(heading).toBe(HEADING);
    expect(newest).toMatch(
      new RegExp(`^2026-11-21T\\d\\d:\\d\\d:00Z   change-token         ${id}   127.0.0.1         dev:alice$`),
    );
    expect(second).toContain('team-204 ');
    expect(await alice.json('audit')).toHaveLength(207);
    const acts = async (...args: string[]) =>
      ((await alice.json('audit', ...args)) as { act: string }[]).map(({ act }) => act);
    expect(await acts('--token', id.toUpperCase())).toEqual(['change-token', 'add-token']);
    expect(await acts('--token', id, '--act', 'add-token')).toEqual(['add-token']);
    expect(await acts('--of', 'team-3')).toEqual(['register-namespace']);
    expect(await acts('--subject', 'bob')).toEqual([]);
    expect(await acts('--since', '5m')).toHaveLength(6);
    expect(await acts('--until', '2026-11-20')).toEqual([]);
    expect(await acts('--since', '2026-11-21', '--limit', '3')).toHaveLength(3);
    expect(await acts('-n', '201')).toHaveLength(201);
  });

  it.each([
    [['--since', 'yesterday'], 'A time must be so long ago, as in 7d'],
    [['--until', '2026-02-30'], 'A time must be so long ago'],
    [['--token', 'plp_x'], 'An identifier must be a UUID'],
    [['--act', 'delete-token'], 'Allowed choices are add-token'],
    [['--limit', '0'], 'A number must be whole, and at least 1.'],
    [['--of', 'a', '--token', '01a1fd51-c23e-7c1e-8dcf-87c09e970095'], '--token and --of name two targets'],
  ])('refuses %j as a mistake in the command line', async (args, message) => {
    const { code, stderr } = await alice.pullpass(['audit', ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });

  it('says what the deployment refuses', async () => {
    const { code, stderr } = await alice.pullpass(['audit', '--since', '1d', '--until', '2d']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('must not be after until')]);
  });
});
