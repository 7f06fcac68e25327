/** Logging in with everything that one can log in with, and out again, against a whole deployment. */

import { writeFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ALICE, MALLORY } from '../support/deployment.ts';
import { github, useGitHub } from '../support/setup.ts';
import { served, useServed } from './support/served.ts';
import { shell, useShell } from './support/setup.ts';
import type { Typed } from './support/shell.ts';

useGitHub();
useServed(() => ({ issuers: [github.entry] }));
useShell();
let apiKey: string;
beforeAll(async () => {
  apiKey = await served.deployment.apiKeyOf(ALICE);
});

const login = (args: readonly string[], typed: Typed = {}) =>
  shell.pullpass(['login', '--url', served.url, ...args], typed);
const stateText = () => readFile(join(shell.directory, 'pullpass', 'state.json'), 'utf8');

describe('an API key', () => {
  const WAYS: Record<string, () => [string[], Typed]> = {
    'as an option': () => [['--apikey', apiKey], {}],
    'on the standard input': () => [['--apikey-stdin'], { input: `${apiKey}\n` }],
    'in the environment': () => [[], { variables: { PULLPASS_APIKEY: apiKey } }],
  };
  it.each(Object.entries(WAYS))('%s logs in, is not remembered and not shown', async (_, way) => {
    const { code, stdout, stderr } = await login(...way());
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const host = new URL(served.url).host;
    expect(stdout).toBe(`Logged in to ${host} (${served.url}) as dev:alice of the account dev:acme.\n`);
    expect(await stateText()).not.toContain(apiKey);
    expect((await shell.json('whoami')).identity).toMatchObject({ kind: 'iambearer', account: 'dev:acme' });
  });
  it('that the issuer refuses changes nothing', async () => {
    const { code, stderr } = await login(['--apikey', 'no-such-key']);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^error: The issuer .+ refuses the API key.\n$/);
    expect(await shell.json('target-list')).toEqual([]);
  });
  it('does not get into the place of a login that works when it does not', async () => {
    await login(['--apikey', apiKey]);
    expect((await login(['--apikey', 'no-such-key'])).code).toBe(1);
    expect((await shell.json('whoami')).identity.subject).toBe('dev:alice');
  });
});

describe('a workload', () => {
  const token = () => github.token({ aud: `${served.url}/accounts/${accountHandle('dev:acme')}` });
  beforeAll(async () => {
    const claims = { repository_id: '74', repository_owner_id: '65' };
    const json = { issuer: 'github', claims };
    expect((await served.deployment.as(ALICE)('POST /v1/trusts', { json })).status).toBe(201);
  });

  const WAYS: Record<string, () => [string[], Typed]> = {
    'on the standard input': () => [['--oidc-token-stdin'], { input: token() }],
    'in the environment': () => [[], { variables: { PULLPASS_OIDC_TOKEN: token() } }],
  };
  it.each(Object.entries(WAYS))('logs in with its token %s', async (_, way) => {
    const { code, stdout } = await login(...way());
    expect(code).toBe(0);
    expect(stdout).toContain('as a workload of a build platform.');
    expect(await shell.says('whoami')).toContain('a workload of a build platform');
  });
  it('is remembered by the path of its file, which is read at each use', async () => {
    const path = join(shell.directory, 'token');
    writeFileSync(path, `${token()}\n`);
    expect((await login(['--oidc-token-file', path])).code).toBe(0);
    expect(await stateText()).not.toContain(token().slice(0, 40));
    writeFileSync(path, 'not-a-token-any-more');
    const { code, stderr } = await shell.pullpass(['whoami']);
    expect(code).toBe(1);
    expect(stderr).toContain('Log in again with: pullpass login');
  });
  it('without a trust is refused', async () => {
    expect((await login(['--oidc-token-stdin'], { input: github.token({ aud: served.url }) })).code).toBe(1);
  });
});

describe('a registry token', () => {
  const newToken = async () => (await served.deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;

  it('logs in, is shown by its identifier, and manages nothing', async () => {
    const { id, token } = await newToken();
    const { stdout } = await login(['--token-stdin'], { input: token });
    expect(stdout).toContain(`as the registry token ${id}.`);
    expect(await shell.json('whoami')).toMatchObject({ kind: 'registry-token', id });
    expect(await shell.pullpass(['tokens'])).toMatchObject({ code: 1, stdout: '' });
  });
  it('that was mistyped is sent nowhere', async () => {
    const { token } = await newToken();
    expect((await login(['--token-stdin'], { input: token.slice(0, -1) })).code).toBe(2);
  });
  it('that was removed is refused', async () => {
    const { id, token } = await newToken();
    await served.deployment.as(ALICE)(`DELETE /v1/tokens/${id}`);
    const { code, stderr } = await login(['--token-stdin'], { input: token });
    expect(code).toBe(1);
    // Once, and not in the sentence of the deployment too.
    expect(stderr.match(/Request id: \S+/g)).toHaveLength(1);
  });
});

describe('a login', () => {
  const SOURCES = '--apikey k --apikey-stdin --oidc-token-stdin --aws --token-stdin'.split(/ (?=--)/);
  it('is made in one way', async () => {
    const pairs = SOURCES.flatMap((a, i) => SOURCES.slice(i + 1).map(b => [a, b]));
    for (const pair of pairs) {
      const { code, stderr } = await login(pair.flatMap(option => option.split(' ')));
      expect({ pair, code }).toEqual({ pair, code: 2 });
      expect(stderr).toContain('Use only one of --apikey-stdin');
    }
    const both = { PULLPASS_APIKEY: 'k', PULLPASS_OIDC_TOKEN: 't' };
    expect((await login([], { variables: both })).code).toBe(2);
  });
  it('by an option goes before one of the environment', async () => {
    const { code } = await login(['--apikey', apiKey], { variables: { PULLPASS_APIKEY: 'no-such-key' } });
    expect(code).toBe(0);
  });
  const MISTAKES: Record<string, [string[], string]> = {
    'with nothing': [[], ''],
    'with an empty standard input': [['--apikey-stdin'], '\n'],
    'with two lines': [['--apikey-stdin'], 'a-key\nanother\n'],
    'with a file that is not there': [['--oidc-token-file', '/nowhere/token'], ''],
    'in a region that AWS has not': [['--aws', '--region', 'eu-nowhere-1'], ''],
    'with a region and no AWS': [['--apikey', 'a-key', '--region', 'eu-central-1'], ''],
  };
  it.each(Object.entries(MISTAKES))('%s is a mistake', async (_, [args, input]) => {
    expect((await login(args, { input })).code).toBe(2);
  });
  it('without a target says how to have one', async () => {
    const { code, stderr } = await shell.pullpass(['tokens']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'error: There is no target yet.\nLog in to one with: pullpass login --url URL\n',
    });
  });
  it('prints the principal as JSON', async () => {
    const { stdout } = await login(['--apikey', apiKey, '--output', 'json']);
    expect(JSON.parse(stdout)).toMatchObject({
      url: served.url,
      kind: 'iam',
      identity: { subject: 'dev:alice' },
    });
  });
  it('without a role succeeds, and management commands say what is missing', async () => {
    await login(['--apikey', await served.deployment.apiKeyOf(MALLORY)]);
    const { code, stderr } = await shell.pullpass(['tokens']);
    expect(code).toBe(1);
    expect(stderr).toContain('Show your roles with: pullpass whoami\nRequest id: ');
  });
});

describe('whoami', () => {
  it('shows the account, the roles, and what workloads must be made for', async () => {
    await login(['--apikey', apiKey]);
    expect(await shell.says('whoami')).toBe(
      [
        `Target                   ${new URL(served.url).host} (${served.url})`,
        'Registries               localhost:5000',
        'Account                  dev:acme',
        'Subject                  dev:alice',
        'Role                     administrator of all namespaces of the account, by the configuration',
        `Audience for workloads   ${served.url}/accounts/${accountHandle('dev:acme')}\n`,
      ].join('\n'),
    );
  });
});

describe('logout', () => {
  it('forgets the login of the target, and keeps the target', async () => {
    await login(['--apikey', apiKey]);
    expect(await shell.says('logout')).toBe(`Logged out of ${new URL(served.url).host}.\n`);
    expect(await stateText()).not.toMatch(/accessToken|refreshToken/);
    const { code, stderr } = await shell.pullpass(['tokens']);
    expect(code).toBe(1);
    expect(stderr).toContain('Log in with: pullpass login --target');
    expect(await shell.says('logout')).toContain('You were not logged in');
  });
  it('--all forgets every login', async () => {
    await login(['--apikey', apiKey]);
    await login(['--apikey', apiKey, '--target', 'second']);
    expect(await shell.json('logout', '--all')).toEqual({ loggedOut: [new URL(served.url).host, 'second'] });
    expect(await stateText()).not.toMatch(/accessToken|refreshToken/);
  });
});
