/** The token verbs against a whole deployment, in both spellings, for people and for programs. */

import { beforeAll, describe, expect, it } from 'vitest';
import { NOW } from '../support/records.ts';
import { alice, served, useAlice, useServed } from './support/served.ts';
import { Shell } from './support/shell.ts';

useServed();
useAlice();
beforeAll(() => alice.says('namespace-add', 'team-a'));

const DAY = 86_400;
const VALUE = 'plp_[0-9A-Za-z]{87}';
const ID = '[0-9a-f-]{36}';

/** A token whose value was not asked for. */
async function newToken(...args: string[]): Promise<string> {
  return (await alice.json('token-add', ...args)).id;
}

describe('token-add', () => {
  it('prints the identifier and the value as the original did', async () => {
    const text = await alice.says('token-add', '--description', 'the farm');
    expect(text).toMatch(new RegExp(`^Token identifier {3}${ID}\nToken {14}${VALUE}\n$`));
  });
  it('prints the value alone when asked to be quiet, in either spelling', async () => {
    for (const verb of [['token-add'], ['token', 'add']]) {
      const value = await alice.says(...verb, '-q');
      expect(value).toMatch(new RegExp(`^${VALUE}\n$`));
      expect((await served.deployment.logIn(value.trim())).status).toBe(200);
    }
  });
  it('adds a token that may pull everywhere for a day by default', async () => {
    expect(await alice.json('token-add')).toMatchObject({
      description: '',
      access: 'pull',
      repositories: null,
      expiresAt: rfc3339(NOW + DAY),
    });
  });
  it('limits the pulls of a day, and token-update changes and ends that', async () => {
    const id = await newToken('--pulls-per-day', '5');
    const update = async (...args: string[]) => (await alice.json('token-update', id, ...args)).limits;
    expect(await update('--description', 'd')).toEqual({ pullsPerDay: 5 });
    expect(await update('--pulls-per-day', '6')).toEqual({ pullsPerDay: 6 });
    expect(await alice.says('token-update', id, '--description', 'e')).toMatch(/^Pulls per day +6$/m);
    expect(await update('--unlimited-pulls')).toBeNull();
    for (const args of [
      ['--pulls-per-day', '0'],
      ['--pulls-per-day', '1.5'],
      ['--pulls-per-day', '5', '--unlimited-pulls'],
    ]) {
      expect((await alice.pullpass(['token-update', id, ...args])).code).toBe(2);
    }
  });
  it('sends every option', async () => {
    const options =
      '--description d --readwrite --repository team-a/app --repository team-a/lib/* --expires-in 30d';
    expect(await alice.json('token-add', ...options.split(' '))).toMatchObject({
      description: 'd',
      access: 'push',
      repositories: ['team-a/app', 'team-a/lib/*'],
      expiresAt: rfc3339(NOW + 30 * DAY),
    });
    expect((await alice.json('token-add', '--non-expiring')).expiresAt).toBeNull();
  });
});

describe('token-list', () => {
  it('prints the columns of the original, the expiry in Unix seconds and 0 for never', async () => {
    const day = await newToken('--description', 'for a day');
    const ever = await newToken('--non-expiring', '--readwrite');
    const [heading, ...rows] = (await alice.says('token-list')).split('\n');
    expect(heading).toBe('TOKEN ID                               READONLY   EXPIRY       DESCRIPTION');
    expect(rows).toContain(`${day}   true       ${NOW + DAY}   for a day`);
    expect(rows).toContain(`${ever}   false      0`);
  });
  it('is also called tokens, and token list', async () => {
    const text = await alice.says('token-list');
    expect(await alice.says('tokens')).toBe(text);
    expect(await alice.says('token', 'list')).toBe(text);
  });
  it('prints what a Go template says', async () => {
    const id = await newToken('--description', 'mine');
    const text = await alice.says(
      'tokens',
      '--format',
      '{{.ID}} {{ .ReadOnly }} {{.Expiry}} {{.Description}}',
    );
    expect(text.split('\n')).toContain(`${id} true ${NOW + DAY} mine`);
    expect(await alice.says('tokens', '--format', 'table {{.Description}}\\t{{.ID}}')).toMatch(
      /^DESCRIPTION {24}TOKEN ID\n/,
    );
  });
  it('prints identifiers alone when asked to be quiet', async () => {
    expect(await alice.says('tokens', '-q')).toMatch(new RegExp(`^(?:${ID}\n)+$`));
  });
  it('gives programs every token as the API has it, and no value', async () => {
    const id = await newToken();
    const tokens = await alice.json('tokens');
    expect(tokens.find((token: { id: string }) => token.id === id)).toMatchObject({ access: 'pull' });
    expect(JSON.stringify(tokens)).not.toMatch(VALUE);
  });
  it('lists more than one page', async () => {
    const bob = await Shell.open();
    const many = Array.from({ length: 101 }, (_, i) => ({ description: `token ${i}` }));
    const as = served.deployment.as('rival:bob');
    for (const json of many) expect((await as('POST /v1/tokens', { json })).status).toBe(201);
    const input = await served.deployment.apiKeyOf('rival:bob');
    await bob.pullpass(['login', '--url', served.url, '--apikey-stdin'], { input });
    const descriptions = (await bob.says('tokens', '--format', '{{.Description}}')).trimEnd().split('\n');
    // In one instant, as here, tokens have no order.
    expect(descriptions).toHaveLength(many.length);
    expect(new Set(descriptions)).toEqual(new Set(many.map(({ description }) => description)));
    await bob.close();
  });
});

describe('token-get', () => {
  it('prints the value again', async () => {
    const { id, token } = await alice.json('token-add');
    expect(await alice.says('token-get', id)).toBe(`Token identifier   ${id}\nToken              ${token}\n`);
    expect(await alice.says('token', 'get', id, '--quiet')).toBe(`${token}\n`);
    expect(await alice.json('token-get', id)).toEqual({ id, token });
  });
});

describe('token-rm', () => {
  it('removes every token that is named, each once, and says so', async () => {
    const [one, two] = [await newToken(), await newToken()];
    expect(await alice.says('token-rm', '-f', one, two, one)).toBe(`Removed ${one}\nRemoved ${two}\n`);
    expect((await alice.says('tokens', '-q')).split('\n')).not.toContain(one);
  });
  it('removes the others when one fails, prints both, and exits with 1', async () => {
    const [gone, there] = [await newToken(), await newToken()];
    await alice.says('token', 'rm', '--force', gone);
    const { code, stdout, stderr } = await alice.pullpass(['token-rm', '-f', gone, there]);
    expect({ code, stdout }).toEqual({ code: 1, stdout: `Removed ${there}\n` });
    expect(stderr).toMatch(new RegExp(`^error: ${gone} was not removed: .+\nRequest id: ${ID}\n$`));
  });
  it('prints JSON with the result of each', async () => {
    const [gone, there] = [await newToken(), await newToken()];
    await alice.says('token-rm', '-f', gone);
    const args = ['token-rm', '-f', gone, there, '--output', 'json'];
    const { code, stdout, stderr } = await alice.pullpass(args);
    expect(code).toBe(1);
    expect(JSON.parse(stdout)).toEqual([
      { name: gone, removed: false },
      { name: there, removed: true },
    ]);
    expect(JSON.parse(stderr).error).toMatchObject({ code: 'not-found', status: 404 });
  });
  it('asks at a terminal, and removes nothing without a yes', async () => {
    const id = await newToken();
    const refused = await alice.pullpass(['token-rm', id], { isTTY: true, input: '\n' });
    expect(refused).toMatchObject({ code: 0, stdout: '' });
    expect(refused.stderr).toContain(`Remove the token ${id}?`);
    expect(await alice.says('tokens', '-q')).toContain(id);
    const removed = await alice.pullpass(['token-rm', id], { isTTY: true, input: 'y\n' });
    expect(removed).toMatchObject({ code: 0, stdout: `Removed ${id}\n` });
  });
  it('without a terminal and --force exits with 2 and removes nothing', async () => {
    const id = await newToken();
    const { code, stderr } = await alice.pullpass(['token-rm', id]);
    expect(code).toBe(2);
    expect(stderr).toBe('error: No terminal to ask on; use --force.\n');
    expect(await alice.says('tokens', '-q')).toContain(id);
  });
});

describe('token-rotate', () => {
  it('prints a new value, and the old one works for the grace', async () => {
    const { id, token } = await alice.json('token-add');
    const rotated = await alice.says('token-rotate', id, '--grace', '1h', '-q');
    expect(rotated).toMatch(new RegExp(`^${VALUE}\n$`));
    expect(rotated.trim()).not.toBe(token);
    for (const value of [token, rotated.trim()])
      expect((await served.deployment.logIn(value)).status).toBe(200);
    const again = await alice.pullpass(['token-rotate', id]);
    expect(again.code).toBe(1);
    expect(again.stderr).toContain('--force');
    expect((await alice.json('token', 'rotate', id, '--force')).id).toBe(id);
    expect((await served.deployment.logIn(token)).status).toBe(401);
  });
});

describe('token-update', () => {
  it('changes what the options say, and nothing else', async () => {
    const id = await newToken('--description', 'before', '--repository', 'team-a/app');
    const changes: [string[], object][] = [
      [['--description', 'after'], { description: 'after', access: 'pull', repositories: ['team-a/app'] }],
      [['--readwrite', '--all-repositories'], { access: 'push', repositories: null }],
      [['--readonly', '--repository', 'team-a/*'], { access: 'pull', repositories: ['team-a/*'] }],
      [['--disable'], { disabled: true }],
      [['--enable'], { disabled: false }],
      [['--expires-in', '90s'], { expiresAt: rfc3339(NOW + 90) }],
      [['--non-expiring'], { expiresAt: null }],
    ];
    for (const [options, change] of changes) {
      expect(await alice.json('token-update', id, ...options)).toMatchObject(change);
    }
  });
  it('shows people the token as it is now', async () => {
    const id = await newToken();
    expect(await alice.says('token', 'update', id, '--description', 'x', '--non-expiring')).toBe(
      [
        `Token identifier   ${id}`,
        'Description        x',
        'Access             pull',
        'Repositories       all namespaces of the account',
        'Expires            never',
        'Last used          never',
        'Disabled           no\n',
      ].join('\n'),
    );
  });
});

describe('a mistake in calling', () => {
  const SOME_ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
  const MISTAKES: Record<string, string[]> = {
    'no verb': [],
    'an unknown verb': ['token-ad'],
    'an unknown option': ['token-add', '--redwrite'],
    'a duration without a unit': ['token-add', '--expires-in', '30'],
    'an end, and none': ['token-add', '--expires-in', '30d', '--non-expiring'],
    'a bare namespace as a repository': ['token-add', '--repository', 'team-a'],
    'an unknown field': ['tokens', '--format', '{{.Value}}'],
    'a format for programs': ['tokens', '--format', '{{.ID}}', '--output', 'json'],
    'no identifier': ['token-get'],
    'something else than an identifier': ['token-get', 'the-first'],
    'something else among identifiers': ['token-rm', '-f', SOME_ID, '../namespaces/team-a'],
    'nothing to change': ['token-update', SOME_ID],
    'a change and its contrary': ['token-update', SOME_ID, '--readwrite', '--readonly'],
    'an unknown format of output': ['tokens', '--output', 'yaml'],
    'one argument too many': ['tokens', 'all'],
  };
  it.each(Object.entries(MISTAKES))('%s: exit code 2, and nothing is sent', async (_, args) => {
    const { code, stdout, stderr } = await alice.pullpass(args, {
      variables: { PULLPASS_TARGET: 'nowhere' },
    });
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(args.length === 0 ? /^Usage: pullpass/ : /^(?:error: |\{"error":)/);
  });
  it('suggests the nearest verb for an unknown one', async () => {
    expect((await alice.pullpass(['token-ad'])).stderr).toContain('(Did you mean token-add?)');
  });
  it('does not repeat what may be a secret in the wrong place', async () => {
    const value = await alice.says('token-add', '-q');
    const places = [
      ['token-get'],
      ['token-rm', '-f'],
      ['namespace-add'],
      ['token-add', '--repository'],
      ['token-add', '--apikey'],
      [],
    ];
    for (const args of places) {
      const { code, stderr } = await alice.pullpass([...args, value.trim()]);
      expect(code).toBe(2);
      expect(stderr).not.toContain('plp_');
    }
    const { stderr } = await alice.pullpass(['token-add', '--apikey=a-secret-key']);
    expect(stderr).toBe("error: unknown option '…'\n");
  });
});

function rfc3339(seconds: number): string {
  return new Date(seconds * 1000).toISOString().replace('.000', '');
}
