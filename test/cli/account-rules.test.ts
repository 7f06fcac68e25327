/** `pullpass rules` and `rules-set`, and the options for networks, against a whole deployment. */

import { beforeEach, describe, expect, it } from 'vitest';
import { github, useGitHub } from '../support/setup.ts';
import { alice, served, useAlice, useServed } from './support/served.ts';

useGitHub();
useServed(() => ({
  issuers: [github.entry],
  environment: { PULLPASS_RULES_CEILING: 'maxExpiresInSeconds=7776000' },
}));
useAlice();

beforeEach(async () => {
  await alice.says('rules-set', '--reset');
});

const listing = (facts: Record<string, string> = {}) => {
  const rows = {
    'Longest life of a token': '90d',
    'Tokens that never expire': 'allowed',
    'Longest life of a credential': '12h',
    'New values can be shown again': 'yes',
    'Every new token names an owner': 'no',
    'Every new token names networks': 'no',
    ...facts,
  };
  return Object.entries(rows)
    .map(([name, value]) => `${name.padEnd(30)}   ${value}\n`)
    .join('');
};

describe('rules', () => {
  it('are shown as the operator has them', async () => {
    expect(await alice.says('rules')).toBe(listing());
    expect(await alice.json('rules')).toMatchObject({
      maxExpiresInSeconds: 7_776_000,
      breaking: [],
      nextCursor: null,
    });
  });

  it('are set one by one, and reset together', async () => {
    expect(await alice.says('rules-set', '--max-expires-in', '30d', '--require-owner', 'yes')).toBe(
      listing({ 'Longest life of a token': '30d', 'Every new token names an owner': 'yes' }),
    );
    expect(await alice.says('rules-set', '--max-credential', '15m', '--require-owner', 'no')).toBe(
      listing({ 'Longest life of a token': '30d', 'Longest life of a credential': '15m' }),
    );
    const options = [
      '--reset',
      '--non-expiring',
      'forbidden',
      '--retrievable',
      'no',
      '--require-networks',
      'yes',
    ];
    expect(await alice.says('rules-set', ...options)).toBe(
      listing({
        'Tokens that never expire': 'forbidden',
        'New values can be shown again': 'no',
        'Every new token names networks': 'yes',
      }),
    );
  });

  it('leave to the ceiling what was not set here', async () => {
    await alice.says('rules-set', '--require-owner', 'yes');
    const { rules } = await stored();
    expect(rules).toMatchObject({ requireOwner: true, maxExpiresInSeconds: 31_536_000 });
  });

  it('are shown with the tokens that break them', async () => {
    const { id } = (await alice.json('token-add', '--non-expiring')) as { id: string };
    const text = await alice.says('rules-set', '--non-expiring', 'forbidden');
    expect(text).toBe(
      `${listing({ 'Tokens that never expire': 'forbidden' })}\nTOKEN ID                               BREAKS\n${id}   nonExpiring\n`,
    );
    await alice.says('token-rm', '-f', id);
  });

  it('beyond the ceiling are refused in the words of the options', async () => {
    const { code, stderr } = await alice.pullpass(['rules-set', '--max-expires-in', '91d']);
    expect(code).toBe(1);
    expect(stderr).toContain('--max-expires-in must be at most 90d, the ceiling that the operator has set');
  });

  it('refuse a token in the words of the options', async () => {
    await alice.says('rules-set', '--max-expires-in', '1h', '--require-networks', 'yes');
    const { code, stderr } = await alice.pullpass(['token-add', '--expires-in', '2h']);
    expect(code).toBe(1);
    expect(stderr).toContain('--expires-in must be at most 1h by the rules of the account');
    expect(stderr).toContain('--network must be given by the rules of the account');
  });

  it.each([[], ['--require-owner', 'maybe'], ['--max-expires-in', '1'], ['--non-expiring']])(
    'with %j are a wrong usage',
    async (...args) => {
      expect((await alice.pullpass(['rules-set', ...args])).code).toBe(2);
    },
  );
});

async function stored() {
  const item = (await served.deployment.table.scan({})).items.find(({ sk }) => sk === 'rules');
  const { maxExpiresInSeconds, requireOwner } = item as unknown as Record<string, unknown>;
  return { rules: { maxExpiresInSeconds, requireOwner: requireOwner === 'yes' } };
}

describe('--network', () => {
  const NETWORKS = ['--network', '203.0.113.0/24', '--network', '2001:DB8::/32'];
  it('binds a token, and --any-network frees it', async () => {
    const { id, networks } = (await alice.json('token-add', ...NETWORKS)) as {
      id: string;
      networks: string[];
    };
    expect(networks).toEqual(['203.0.113.0/24', '2001:db8::/32']);
    expect(await alice.says('token-update', id, '--network', '10.0.0.0/8')).toContain(
      'Networks           10.0.0.0/8\n',
    );
    expect(await alice.json('token-update', id, '--any-network')).toMatchObject({ networks: null });
  });

  it('binds a trust', async () => {
    const claims = ['--claim', 'repository_id=74', '--claim', 'repository_owner_id=65'];
    const text = await alice.says('trust-add', '--issuer', 'github', ...claims, ...NETWORKS);
    expect(text).toContain('Networks           203.0.113.0/24, 2001:db8::/32\n');
  });

  it('says what to write', async () => {
    const { code, stderr } = await alice.pullpass(['token-add', '--network', '10.0.0.1/8']);
    expect(code).toBe(2);
    expect(stderr).toContain('The network has bits after the first 8: write 10.0.0.0/8.');
  });
});
