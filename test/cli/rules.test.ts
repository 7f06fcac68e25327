/** The verbs for namespaces, policies and trusts against a whole deployment. */

import { describe, expect, it } from 'vitest';
import { github, useGitHub } from '../support/setup.ts';
import { alice, served, useAlice, useServed } from './support/served.ts';

useGitHub();
useServed(() => ({ issuers: [github.entry] }));
useAlice();

describe('namespaces', () => {
  it('are registered, listed and released', async () => {
    expect(await alice.says('namespace-add', 'team-a')).toBe('Registered team-a.\n');
    expect(await alice.says('namespace', 'add', 'team-a')).toBe('team-a is registered already.\n');
    expect(await alice.json('namespace-add', 'team-b')).toEqual({ name: 'team-b', registered: true });
    expect(await alice.says('namespace-list')).toBe('NAMESPACE\nteam-a\nteam-b\n');
    expect(await alice.json('namespace', 'list')).toEqual([{ name: 'team-a' }, { name: 'team-b' }]);
    expect(await alice.says('namespace-rm', '-f', 'team-a', 'team-b')).toBe(
      'Removed team-a\nRemoved team-b\n',
    );
    expect(await alice.json('namespace-list')).toEqual([]);
    const { code, stderr } = await alice.pullpass(['namespace', 'rm', '-f', 'team-a']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: team-a was not removed: .+\nRequest id: .+\n$/);
  });
  it('of another account are refused with the reason', async () => {
    expect((await served.deployment.as('rival:bob')('PUT /v1/namespaces/rival')).status).toBe(201);
    const { code, stderr } = await alice.pullpass(['namespace-add', 'rival']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: Another account owns that namespace/);
  });
  it.each(['Team', 'a', 'team/a', '..', 'team_', 'x'.repeat(129)])(
    '%s is refused as a name with exit code 2',
    async name => {
      for (const verb of ['namespace-add', 'namespace-rm']) {
        expect((await alice.pullpass([verb, name])).code).toBe(2);
      }
    },
  );
});

describe('policies', () => {
  it('are added, listed and removed', async () => {
    const options = [
      '--subject',
      'carol',
      '--role',
      'writer',
      '--repository',
      'team-a/*',
      '--repository',
      'b2/c',
    ];
    const text = await alice.says('policy-add', ...options);
    const [, id = ''] = /^Policy identifier {3}(\S+)\n/.exec(text) ?? [];
    expect(text).toBe(
      `Policy identifier   ${id}\nSubject             dev:carol\nRole                writer\nRepositories        team-a/* b2/c\n`,
    );
    const everyone = await alice.json('policy', 'add', '--subject', '*', '--role', 'reader');
    expect(everyone).toMatchObject({ subject: '*', role: 'reader', repositories: null });
    const lines = (await alice.says('policy-list')).split('\n');
    expect(lines[0]).toBe(`${'POLICY ID'.padEnd(36)}   ROLE     SUBJECT     REPOSITORIES`);
    expect(lines).toContain(`${id}   writer   dev:carol   team-a/* b2/c`);
    expect(await alice.json('policy', 'list')).toHaveLength(2);
    expect(await alice.says('policy-rm', '-f', id, everyone.id)).toBe(
      `Removed ${id}\nRemoved ${everyone.id}\n`,
    );
    expect(await alice.json('policy-list')).toEqual([]);
  });
  const MISTAKES = {
    'without a subject': ['--role', 'reader'],
    'without a role': ['--subject', 'carol'],
    'with an unknown role': ['--subject', 'carol', '--role', 'owner'],
  };
  it.each(Object.entries(MISTAKES))('%s are a mistake', async (_, options) => {
    expect((await alice.pullpass(['policy-add', ...options])).code).toBe(2);
  });
  it('that the deployment refuses are printed with the reason', async () => {
    const { code, stderr } = await alice.pullpass(['policy-add', '--subject', '*', '--role', 'manager']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^error: The deployment refused the request:\n {2}every identity may be reader or writer at most\nRequest id: /,
    );
  });
});

describe('trusts', () => {
  const CLAIMS = ['--claim', 'repository_id=74', '--claim', 'repository_owner_id=65'];
  it('are added, listed and removed', async () => {
    const options = [
      '--readwrite',
      '--claim',
      'ref=refs/heads/a=b',
      '--repository',
      'team-a/app',
      '--lifetime',
      '15m',
    ];
    const trust = await alice.json('trust-add', '--issuer', 'github', ...CLAIMS, ...options);
    expect(trust).toMatchObject({
      issuer: 'github',
      claims: { repository_id: '74', repository_owner_id: '65', ref: 'refs/heads/a=b' },
      access: 'push',
      repositories: ['team-a/app'],
      lifetimeSeconds: 900,
    });
    const text = await alice.says('trust', 'add', '--issuer', 'github', ...CLAIMS);
    const [, id = ''] = /^Trust identifier {3}(\S+)\n/.exec(text) ?? [];
    expect(text).toBe(
      [
        `Trust identifier   ${id}`,
        'Issuer             github',
        'Claims             repository_id=74 repository_owner_id=65',
        'Access             pull',
        'Repositories       all namespaces of the account',
        'Lifetime           3600 s\n',
      ].join('\n'),
    );
    expect((await alice.says('trust-list')).split('\n')).toContain(
      `${id}   github   pull            all namespaces of the account   repository_id=74 repository_owner_id=65`,
    );
    expect(await alice.json('trust', 'list')).toHaveLength(2);
    await alice.says('trust-rm', '--force', id, trust.id);
    expect(await alice.json('trust-list')).toEqual([]);
  });
  const MISTAKES = {
    'without a claim': ['--issuer', 'github'],
    'without an issuer': CLAIMS,
    'with a claim without a value': ['--issuer', 'github', '--claim', 'repository_id'],
    'with a claim twice': ['--issuer', 'github', ...CLAIMS, '--claim', 'repository_id=75'],
  };
  it.each(Object.entries(MISTAKES))('%s are a mistake', async (_, options) => {
    expect((await alice.pullpass(['trust-add', ...options])).code).toBe(2);
  });
  it('with too few claims are refused with the missing ones', async () => {
    const { code, stderr } = await alice.pullpass(['trust-add', '--issuer', 'github', '--claim', 'ref=main']);
    expect(code).toBe(1);
    expect(stderr).toContain('The deployment refused the request:');
  });
});
