/** What the tab key offers of the account: identifiers and names, by one short request, and never an error. */

import { readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { accountNames } from '../../cli/completion/account-names.ts';
import { Network } from '../../cli/network.ts';
import { logIn, shell, stub, useStub } from './support/setup.ts';
import { METADATA, newTokens, TOKEN_ENDPOINT } from './support/stub.ts';

const network = new Network({});

const idOf = (n: number) => `01a1fde6-b720-7292-88d8-03b75b4a87b${n}`;
const CREATED = { createdAt: '2026-11-21T07:00:00Z', createdBy: 'dev:alice' };
const tokenOf = (n: number, description: string) => ({
  ...{ id: idOf(n), description, access: 'pull', repositories: null, expiresAt: null, lastUsedAt: null },
  ...{ disabled: false, retrievable: true, limits: null, ...CREATED },
});
const POLICY = { id: idOf(3), subject: 'dev:carol', role: 'writer', repositories: ['team-a/*'], ...CREATED };
const TRUST = {
  ...{ id: idOf(4), issuer: 'github', claims: { a: 'b' }, access: 'pull', repositories: null },
  ...{ networks: null, lifetimeSeconds: 60, ...CREATED },
};

const issuerOf = (key: string, platform: string) => ({
  ...{ key, platform, issuer: `https://${key}.example`, maxLifetimeSeconds: 86_400 },
  requiredClaims: { always: ['sub'], forPush: [] },
});

useStub(() => ({
  'GET /v1/issuers': () => ({ json: { issuers: [issuerOf('github', 'github'), issuerOf('ci', 'generic')] } }),
  'GET /v1/tokens': () => ({ json: { tokens: [tokenOf(1, 'the farm'), tokenOf(2, '')], nextCursor: 'x' } }),
  'GET /v1/policies': () => ({ json: { policies: [POLICY] } }),
  'GET /v1/trusts': () => ({ json: { trusts: [TRUST] } }),
  'GET /v1/namespaces': () => ({ json: { namespaces: [{ name: 'team-a' }, { name: 'team-b' }] } }),
}));
beforeEach(() => logIn('a-key', '--target', 'here'));

/** The words that are offered; an error would be seen. */
async function offered(line: string, ...options: string[]): Promise<string[]> {
  const outcome = await shell.pullpass(['complete', ...options, '--', ...line.split(' ')]);
  expect({ code: outcome.code, stderr: outcome.stderr }).toEqual({ code: 0, stderr: '' });
  return outcome.stdout.split('\n').filter(word => word !== '');
}
const asked = (line: string) => stub.lines.filter(sent => sent.startsWith(line)).length;
const cache = () => join(shell.directory, 'pullpass', 'completion.json');

describe('the tab key', () => {
  const CASES: Record<string, string[]> = {
    'token-get ': [idOf(1), idOf(2)],
    'token get ': [idOf(1), idOf(2)],
    'token-rotate --grace 1h ': [idOf(1), idOf(2)],
    'token-update ': [idOf(1), idOf(2)],
    'token-show ': [idOf(1), idOf(2)],
    'token-ensure ': [],
    [`token-rm ${idOf(1)} `]: [idOf(2)],
    [`token-rm ${idOf(2).slice(0, -1)}`]: [idOf(1), idOf(2)],
    'policy-rm ': [idOf(3)],
    'policy rm -f ': [idOf(3)],
    'trust-rm ': [idOf(4)],
    'trust-add --issuer ': ['github', 'ci'],
    'trust add --issuer=gi': ['--issuer=github'],
    'namespace-rm ': ['team-a', 'team-b'],
    'namespace rm team-a ': ['team-b'],
    'credential --service registry.example:': ['registry.example:5000'],
    'credential --service=registry.example:': ['--service=registry.example:5000'],
    'namespace-add ': [],
    'token-list ': [],
    'token-add --description ': [],
  };
  it.each(Object.entries(CASES))('offers what the account has: %s', async (line, words) => {
    expect(await offered(line)).toEqual(words);
  });
  it('shows shells that can show it what an identifier is of', async () => {
    expect(await offered('token-get ', '--describe')).toEqual([
      `${idOf(1)}\t"the farm", to pull in all namespaces of the account`,
      `${idOf(2)}\tto pull in all namespaces of the account`,
    ]);
    expect(await offered('policy-rm ', '--describe')).toEqual([
      `${idOf(3)}\twriter of team-a/* for dev:carol`,
    ]);
  });
  it('asks once in half a minute, and again after any other verb', async () => {
    for (const line of ['token-get ', 'token-rm ', 'token rotate ']) await offered(line);
    expect(asked('GET /v1/tokens')).toBe(1);
    expect((await stat(cache())).mode & 0o777).toBe(0o600);
    stub.replies['GET /v1/tokens'] = () => ({ json: { tokens: [], nextCursor: null } });
    await shell.says('target-list');
    expect(await offered('token-get ')).toEqual([]);
    expect(asked('GET /v1/tokens')).toBe(2);
  });
  it('asks again when what is remembered is old, or of another target', async () => {
    const target = (await shell.home.read()).targets[0];
    if (target === undefined) throw new Error('no target');
    const { directory } = shell.home;
    const at = (nowMs: number, name = target.name) =>
      accountNames({
        directory,
        target: { ...target, name },
        collection: 'tokens',
        nowMs,
        waitMs: 1000,
        network,
      });
    const now = Date.now();
    for (const [ms, name, count] of [
      [0, 'here', 1],
      [29_999, 'here', 1],
      [30_000, 'here', 2],
      [29_999, 'here', 3],
      [29_999, 'there', 4],
    ] as const) {
      expect(await at(now + ms, name)).toHaveLength(2);
      expect(asked('GET /v1/tokens'), `${ms} ${name}`).toBe(count);
    }
  });
  it('takes nothing from a damaged or foreign file', async () => {
    const key = `here ${stub.url} tokens`;
    const foreign = { key, at: Date.now(), candidates: [{ word: '$(reboot)' }] };
    for (const text of ['', '{', '[]', JSON.stringify(foreign)]) {
      await writeFile(cache(), text);
      expect(await offered('token-get ')).toEqual([idOf(1), idOf(2)]);
      await shell.says('target-list');
    }
  });
});

describe('the tab key offers nothing, and says nothing', () => {
  const ANSWERS = {
    'that refuses': { status: 401, json: { detail: 'No.' } },
    'that fails': { status: 503, text: 'Busy.' },
    'that answers with something else': { json: { tokens: 1 } },
    'that breaks off': undefined,
  };
  it.each(Object.entries(ANSWERS))(
    'of a deployment %s, and does not ask again at once',
    async (_, answer) => {
      stub.replies['GET /v1/tokens'] = () => answer;
      for (let i = 0; i < 3; i += 1) expect(await offered('token-get ')).toEqual([]);
      expect(asked('GET /v1/tokens')).toBe(1);
      expect(await offered('token-get --')).toContain('--quiet');
    },
  );
  it('of a deployment that does not answer in time', async () => {
    const target = (await shell.home.read()).targets[0];
    if (target === undefined) throw new Error('no target');
    stub.replies['GET /v1/tokens'] = () => new Promise(() => undefined);
    const options = { directory: shell.home.directory, target, nowMs: Date.now(), waitMs: 50, network };
    expect(await accountNames({ ...options, collection: 'tokens' })).toEqual([]);
    expect(await accountNames({ ...options, collection: 'tokens' })).toEqual([]);
    expect(asked('GET /v1/tokens')).toBe(1);
  });
  it('without a login, or with one that cannot list, and sends no request', async () => {
    await shell.says('logout');
    expect(await offered('token-get ')).toEqual([]);
    await shell.pullpass(['login', '--url', stub.url, '--oidc-token-stdin'], { input: 'eyJ.eyJ.sig' });
    expect(await offered('token-get ')).toEqual([]);
    expect(asked('GET /v1/tokens')).toBe(0);
  });
  it('with a login that has to be renewed, which a request that is given up could end', async () => {
    stub.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('short', { expires_in: 5 }) });
    await logIn('a-key', '--target', 'here');
    const before = stub.lines.length;
    expect(await offered('token-get ')).toEqual([]);
    expect(stub.lines.length).toBe(before);
  });
  it('with a damaged state, where verbs and options still complete', async () => {
    await writeFile(join(shell.home.directory, 'state.json'), 'not JSON');
    expect(await offered('token-get ')).toEqual([]);
    expect(await offered('target-use ')).toEqual([]);
    expect(await offered('token r')).toEqual(['rm', 'rotate']);
  });
  it('that a shell would run', async () => {
    const services = [
      { name: '$(reboot)', registry: 'a.example' },
      { name: '`reboot`', registry: 'b.example' },
      { name: '--client=x', registry: 'c.example' },
      { name: "';reboot;'", registry: '[::1]:5000' },
    ];
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    await shell.says('target-add', 'here', stub.url);
    expect(await offered('registry-login ')).toEqual(['a.example', 'b.example', 'c.example', '[::1]:5000']);
    stub.replies['GET /v1/namespaces'] = () => ({
      json: { namespaces: [{ name: '$(reboot)' }, { name: '../tokens' }, { name: 'ok' }] },
    });
    expect(await offered('namespace-rm ')).toEqual(['ok']);
    expect(await offered('probe --namespace ')).toEqual(['ok']);
    expect(await offered('probe --namespace=')).toEqual(['--namespace=ok']);
  });
  it('when the home cannot be written, and still offers what it got', async () => {
    const missing = join(shell.directory, 'gone');
    const target = (await shell.home.read()).targets[0];
    if (target === undefined) throw new Error('no target');
    const options = { directory: missing, target, nowMs: Date.now(), waitMs: 1000, network };
    expect(await accountNames({ ...options, collection: 'tokens' })).toHaveLength(2);
    await expect(readFile(join(missing, 'completion.json'))).rejects.toThrow('ENOENT');
  });
});
