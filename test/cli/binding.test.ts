/** A login belongs to one deployment and its issuer: nothing of it is sent anywhere else. */

import { createServer } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { chosenTarget, withTarget } from '../../cli/home.ts';
import type { IamLogin } from '../../cli/login.ts';
import { Network } from '../../cli/network.ts';
import { Session } from '../../cli/session.ts';
import type { Target } from '../../cli/target.ts';
import { shell, useShell } from './support/setup.ts';
import type { Typed } from './support/shell.ts';
import { METADATA, newTokens, Stub, type StubAnswer, TOKEN_ENDPOINT } from './support/stub.ts';

let mine: Stub;
let other: Stub;
useShell();
beforeEach(async () => {
  mine = await Stub.deployment();
  other = await Stub.deployment();
});
afterEach(async () => {
  for (const stub of [mine, other]) await stub.close();
});

const API_KEY = 'an-api-key-for-one-deployment';
const SECRETS = [API_KEY, 'first-access-token', 'first-refresh-token'];
const logIn = (stub: Stub, ...args: string[]) =>
  shell.pullpass(['login', '--url', stub.url, ...args], { variables: { PULLPASS_APIKEY: API_KEY } });

function expectNothingAt(stub: Stub): void {
  for (const secret of SECRETS) expect(stub.received).not.toContain(secret);
  for (const { headers } of stub.requests) expect(headers).not.toHaveProperty('authorization');
}

/** Every verb that speaks to a deployment. */
const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const VERBS: readonly [string[], Typed?][] = [
  [['whoami']],
  [['tokens']],
  [['token-add']],
  [['token-get', ID]],
  [['token-rm', '-f', ID]],
  [['token-rotate', ID]],
  [['token-update', ID, '--enable']],
  [['namespace-add', 'team-a']],
  [['namespace-list']],
  [['namespace-rm', '-f', 'team-a']],
  [['policy-add', '--subject', 'bob', '--role', 'reader']],
  [['policy-list']],
  [['policy-rm', '-f', ID]],
  [['trust-add', '--issuer', 'github', '--claim', 'a=b']],
  [['trust-list']],
  [['issuers']],
  [['usage']],
  [['probe']],
  [['trust-rm', '-f', ID]],
];

describe('a second target', () => {
  it('gets nothing of the login of the first, with any verb', async () => {
    expect((await logIn(mine)).code).toBe(0);
    await shell.says('target-add', 'other', other.url);
    for (const [args] of VERBS) {
      const { code, stderr } = await shell.pullpass([...args, '--target', 'other']);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stderr).toContain('Log in with: pullpass login --target other');
    }
    expectNothingAt(other);
    expect(other.lines).toEqual([METADATA]);
  });
  it('gets nothing of the first by taking its name', async () => {
    expect((await logIn(mine, '--target', 'eu')).code).toBe(0);
    await shell.says('target-add', 'eu', other.url);
    expect((await shell.pullpass(['tokens'])).code).toBe(1);
    expectNothingAt(other);
  });
  it('is not made of the first by logging in under its name', async () => {
    expect((await logIn(mine, '--target', 'eu')).code).toBe(0);
    const { code, stderr } = await logIn(other, '--target', 'eu');
    expect(code).toBe(1);
    expect(stderr).toContain(`The target eu is another deployment: ${mine.url}`);
    expectNothingAt(other);
  });
});

describe('a redirect', () => {
  const REDIRECTS = [301, 302, 303, 307, 308].map(status => [status] as const);
  const to = (stub: Stub, path: string, status: number): StubAnswer => ({
    status,
    headers: { location: `${stub.url}${path}` },
  });

  it.each(REDIRECTS)('with %i of any request of a login is not followed', async status => {
    expect((await logIn(mine)).code).toBe(0);
    const routes = ['GET /v1/tokens', 'POST /v1/tokens', 'GET /v1/identity', `DELETE /v1/tokens/${ID}`];
    for (const route of routes) mine.replies[route] = () => to(other, '/v1/tokens', status);
    for (const args of [['tokens'], ['token-add'], ['whoami'], ['token-rm', '-f', ID]]) {
      const { code, stderr } = await shell.pullpass(args);
      expect({ args, code }).toEqual({ args, code: 1 });
      expect(stderr).toContain('answered with a redirect, which was not followed.');
    }
    expect(other.requests).toEqual([]);
  });
  it.each(REDIRECTS)('with %i of the metadata stops a login', async status => {
    mine.replies[METADATA] = () => to(other, '/.well-known/oauth-authorization-server', status);
    expect((await logIn(mine)).code).toBe(1);
    expect(other.requests).toEqual([]);
    expectNothingAt(mine);
  });
  it.each(REDIRECTS)('with %i of the token endpoint takes no API key along', async status => {
    mine.replies[TOKEN_ENDPOINT] = () => to(other, '/token', status);
    expect((await logIn(mine)).code).toBe(1);
    expect(other.requests).toEqual([]);
  });
});

describe('the issuer', () => {
  const changes: Record<string, object> = {
    'with another token endpoint': { token_endpoint: '' },
    'of another name': { issuer: 'https://iam.evil' },
    'with another key': { key: 'evil' },
    'for another client': { client_id: 'evil' },
  };
  it.each(Object.entries(changes))('%s than when the target was added gets no API key', async (_, change) => {
    expect((await logIn(mine, '--target', 'eu')).code).toBe(0);
    const before = mine.requests.length;
    const issuer = {
      key: 'dev',
      issuer: 'https://iam.example',
      token_endpoint: `${mine.url}/token`,
      client_id: 'cli',
    };
    const changed = { ...issuer, ...change };
    const endpoint = changed.token_endpoint === '' ? `${other.url}/token` : changed.token_endpoint;
    const metadata = mine.metadata({ pullpass_issuers: [{ ...changed, token_endpoint: endpoint }] });
    mine.replies[METADATA] = () => ({ json: metadata });
    const { code, stderr } = await logIn(mine);
    expect(code).toBe(1);
    expect(stderr).toContain(`pullpass target-add eu ${mine.url}`);
    expect(mine.lines.slice(before)).toEqual([METADATA]);
    expect(other.requests).toEqual([]);
    expect((await shell.json('target-list'))[0].issuer).toEqual({
      key: 'dev',
      issuer: 'https://iam.example',
      tokenEndpoint: `${mine.url}/token`,
      clientId: 'cli',
    });
  });
  it('that took the place of another one by target-add does not inherit its login', async () => {
    expect((await logIn(mine, '--target', 'eu')).code).toBe(0);
    const json = mine.metadata({
      pullpass_issuers: [
        { key: 'new', issuer: 'https://new', token_endpoint: `${other.url}/token`, client_id: null },
      ],
    });
    mine.replies[METADATA] = () => ({ json });
    await shell.says('target-add', 'eu', mine.url);
    expect((await shell.json('target-list'))[0]).toMatchObject({ login: null, issuer: { key: 'new' } });
  });
  it('whose endpoint is neither https nor of this machine gets nothing', async () => {
    for (const endpoint of [
      'http://iam.example/token',
      'ftp://127.0.0.1/',
      'https://u:p@iam.example/',
      'nonsense',
    ]) {
      const json = mine.metadata({
        pullpass_issuers: [{ key: 'dev', issuer: 'x', token_endpoint: endpoint, client_id: null }],
      });
      mine.replies[METADATA] = () => ({ json });
      expect((await logIn(mine)).code).toBe(1);
    }
    expectNothingAt(mine);
  });
  it('gets the client id with the API key', async () => {
    await logIn(mine);
    const form = new URLSearchParams(mine.requests.find(({ line }) => line === TOKEN_ENDPOINT)?.body);
    expect(Object.fromEntries(form)).toEqual({
      grant_type: 'urn:ibm:params:oauth:grant-type:apikey',
      apikey: API_KEY,
      client_id: 'cli',
    });
  });
});

describe('a deployment', () => {
  it('that knows itself by another URL is not logged in to', async () => {
    mine.replies[METADATA] = () => ({ json: mine.metadata({ issuer: other.url }) });
    const { code, stderr } = await logIn(mine);
    expect(code).toBe(1);
    expect(stderr).toContain(`says that its URL is ${other.url}`);
    expectNothingAt(mine);
    expect(other.requests).toEqual([]);
  });
  it('with an unexpected response is reported', async () => {
    const ANSWERS: StubAnswer[] = [
      { text: '<html>' },
      { json: {} },
      { json: [] },
      { text: '{"issuer":"a","issuer":"b"}' },
      { json: mine.metadata({ pullpass_services: [{ name: 'a', registry: 'host/evil' }] }) },
    ];
    for (const answer of ANSWERS) {
      mine.replies[METADATA] = () => answer;
      const { code, stderr } = await logIn(mine);
      expect(code).toBe(1);
      expect(stderr).toContain('sent an unexpected response');
    }
    expectNothingAt(mine);
  });
  it('that answers without end is not listened to for ever', async () => {
    const server = createServer((_, response) => {
      const chunk = 'x'.repeat(1024 * 1024);
      const more = () => void (response.destroyed || response.write(chunk, more));
      more();
    }).listen(0, '127.0.0.1');
    await new Promise(resolve => server.once('listening', resolve));
    const { port } = server.address() as { port: number };
    const { code, stderr } = await shell.pullpass(['target-add', 'x', `http://127.0.0.1:${port}`]);
    expect(code).toBe(1);
    expect(stderr).toContain('sent an unexpected response');
    server.closeAllConnections();
    server.close();
  });
  it('that is down is reported, with what to do next', async () => {
    const { url } = other;
    await other.close();
    const { code, stderr } = await shell.pullpass(['target-add', 'down', url]);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: ${url} cannot be reached: the connection was refused.\nCheck the URL, the network, and that the deployment is running.\n`,
    });
    other = await Stub.deployment();
  });
});

describe('a login that has ended', () => {
  const HOUR_MS = 3_600_000;
  let clock = 0;
  const later = (ms: number) => {
    clock = ms;
  };
  const realNow = Date.now;
  beforeEach(() => {
    clock = 0;
    Date.now = () => realNow() + clock;
  });
  afterEach(() => {
    Date.now = realNow;
  });

  it('is renewed at its own issuer, and remembered', async () => {
    await logIn(mine);
    mine.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('second') });
    mine.replies['GET /v1/namespaces'] = () => ({ json: { namespaces: [] } });
    later(HOUR_MS - 59_000);
    for (let i = 0; i < 2; i += 1) await shell.says('namespace-list');
    expect(mine.lines.filter(line => line === TOKEN_ENDPOINT)).toHaveLength(2);
    const renewal = mine.requests.filter(({ line }) => line === TOKEN_ENDPOINT).at(-1);
    expect(renewal?.body).toBe('grant_type=refresh_token&refresh_token=first-refresh-token&client_id=cli');
    const asked = mine.requests.filter(({ line }) => line === 'GET /v1/namespaces');
    const basic = `Basic ${Buffer.from('iambearer:second-access-token').toString('base64')}`;
    expect(asked.map(({ headers }) => headers.authorization)).toEqual([basic, basic]);
  });
  it('keeps its refresh token where the issuer gives no new one', async () => {
    await logIn(mine);
    mine.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('second', { refresh_token: undefined }) });
    later(HOUR_MS);
    await shell.says('whoami');
    later(2 * HOUR_MS);
    await shell.says('whoami');
    expect(mine.requests.filter(({ line }) => line === TOKEN_ENDPOINT).at(-1)?.body).toContain(
      'first-refresh-token',
    );
  });
  it('and cannot be renewed says how to log in', async () => {
    mine.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('first', { refresh_token: 'not_supported' }) });
    await logIn(mine, '--target', 'eu');
    later(HOUR_MS);
    const { code, stderr } = await shell.pullpass(['whoami']);
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: `error: The login to ${mine.url} has ended.\nLog in with: pullpass login --target eu\n`,
    });
  });
  it('is renewed once, however many commands find it so: some refresh tokens work once', async () => {
    await logIn(mine);
    mine.replies['GET /v1/namespaces'] = () => ({ json: { namespaces: [] } });
    const used = new Set<string>();
    mine.replies[TOKEN_ENDPOINT] = ({ body }) => {
      const token = new URLSearchParams(body).get('refresh_token') ?? '';
      if (used.has(token)) return { status: 400, json: { error: 'invalid_grant' } };
      used.add(token);
      return { json: newTokens(`renewed-${used.size}`) };
    };
    later(HOUR_MS);
    const commands = Array.from({ length: 5 }, () => shell.pullpass(['namespace-list']));
    expect((await Promise.all(commands)).map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
    expect(used).toEqual(new Set(['first-refresh-token']));
  });
  it('is not taken from an issuer that took the place of its own meanwhile', async () => {
    await logIn(mine, '--target', 'eu');
    later(HOUR_MS);
    const target = chosenTarget(await shell.home.read(), 'eu');
    const network = new Network({});
    const session = new Session({ home: shell.home, target, clock: Date.now, network, requestMs: 10_000 });
    await shell.home.update(state =>
      withTarget(state, { ...target, url: other.url, login: { ...iamLogin(target), expiresAt: 9e9 } }),
    );
    mine.replies[TOKEN_ENDPOINT] = () => ({ json: newTokens('second') });
    expect((await session.credentials()).password.reveal()).toBe('second-access-token');
    const state = await shell.home.read();
    expect(iamLogin(chosenTarget(state, 'eu')).accessToken.reveal()).toBe('first-access-token');
  });
});

function iamLogin({ login }: Target): IamLogin {
  if (login?.kind !== 'iam') throw new Error('This is no IAM login.');
  return login;
}
