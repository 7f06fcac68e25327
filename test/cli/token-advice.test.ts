/** What is said beside a result: how to log in with a new token, when an old value ends, and what grants nothing. */

import { beforeEach, describe, expect, it } from 'vitest';
import { logIn, shell, stub, useStub } from './support/setup.ts';
import { METADATA } from './support/stub.ts';

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const CREATED = { createdAt: '2026-11-21T07:00:00Z', createdBy: 'dev:alice' };
const TOKEN = {
  ...{ id: ID, description: '', access: 'pull', repositories: null as string[] | null, expiresAt: null },
  ...{
    lastUsedAt: null,
    disabled: false,
    retrievable: true,
    limits: null,
    token: `plp_${'x'.repeat(87)}`,
    ...CREATED,
  },
};
const TRUST = {
  ...CREATED,
  id: ID,
  issuer: 'github',
  claims: { a: 'b' },
  access: 'pull',
  lifetimeSeconds: 60,
};

const asAsked = (body: string) => ({ repositories: JSON.parse(body).repositories ?? null });
useStub(() => ({
  'POST /v1/tokens': ({ body }) => ({ status: 201, json: { ...TOKEN, ...asAsked(body) } }),
  [`PATCH /v1/tokens/${ID}`]: ({ body }) => ({ json: { ...TOKEN, ...asAsked(body) } }),
  [`POST /v1/tokens/${ID}/rotate`]: () => ({ json: TOKEN }),
  'POST /v1/policies': ({ body }) => ({
    status: 201,
    json: { id: ID, subject: 'dev:carol', role: 'reader', ...CREATED, ...asAsked(body) },
  }),
  'POST /v1/trusts': ({ body }) => ({ status: 201, json: { ...TRUST, ...asAsked(body) } }),
  'GET /v1/namespaces': () => ({ json: { namespaces: [{ name: 'team-a' }] } }),
}));
beforeEach(() => logIn('a-key', '--target', 'here'));

describe('token-add', () => {
  it('says on standard error how to log in, for each registry', async () => {
    const LOGIN =
      'Log in with the token as the password:\n  docker login --username token registry.example:5000\n';
    const { stdout, stderr } = await shell.pullpass(['token-add']);
    expect({ stdout, stderr }).toEqual({
      stdout: `Token identifier   ${ID}\nToken              ${TOKEN.token}\n`,
      stderr: LOGIN,
    });
    const services = ['a', 'b'].map(name => ({ name, registry: `${name}.example` }));
    stub.replies[METADATA] = () => ({ json: stub.metadata({ pullpass_services: services }) });
    await shell.says('target-add', 'here', stub.url);
    expect((await shell.pullpass(['token', 'add'])).stderr).toBe(
      'Log in with the token as the password:\n  docker login --username token a.example\n  docker login --username token b.example\n',
    );
  });
  it.each([['-q'], ['--output', 'json']])('says nothing to programs: %s', async (...args) => {
    expect(await shell.pullpass(['token-add', ...args])).toMatchObject({ code: 0, stderr: '' });
  });
});

describe('token-rotate', () => {
  it('says until when the old value works, by the clock of the deployment', async () => {
    const headers = { date: 'Sat, 21 Nov 2026 07:00:00 GMT' };
    stub.replies[`POST /v1/tokens/${ID}/rotate`] = () => ({ json: TOKEN, headers });
    const { stderr } = await shell.pullpass(['token-rotate', ID, '--grace', '1h']);
    expect(stderr).toBe('The old value works until 2026-11-21T08:00:00Z.\n');
  });
  it('says it by the clock of this machine where the response has no date', async () => {
    stub.replies[`POST /v1/tokens/${ID}/rotate`] = () => ({ json: TOKEN, headers: { date: 'none' } });
    const before = Date.now();
    const { stderr } = await shell.pullpass(['token-rotate', ID, '--grace', '1h']);
    const [, time = ''] = /^The old value works until (\S+Z)\.\n$/.exec(stderr) ?? [];
    expect(Date.parse(time) - before).toBeGreaterThan(3_598_000);
    expect(Date.parse(time) - before).toBeLessThan(3_660_000);
  });
  it('says that the old value has ended without a grace', async () => {
    const { stderr } = await shell.pullpass(['token-rotate', ID.toUpperCase()]);
    expect(stderr).toBe('The old value has ended: logins with it are refused.\n');
  });
  it('says nothing with -q', async () => {
    const { stdout, stderr } = await shell.pullpass(['token-rotate', '-q', ID]);
    expect({ stdout, stderr }).toEqual({ stdout: `${TOKEN.token}\n`, stderr: '' });
  });
});

describe('repositories outside the namespaces of the account', () => {
  const VERBS: Record<string, string[]> = {
    'token-add': ['token-add', '-q'],
    'token-update': ['token-update', ID],
    'policy-add': ['policy-add', '--subject', 'carol', '--role', 'reader'],
    'trust-add': ['trust-add', '--issuer', 'github', '--claim', 'a=b'],
  };
  const outside = ['--repository', 'team-b/app', '--repository', 'team-a/app', '--repository', 'team-c/*'];
  it.each(Object.entries(VERBS))('are warned of by %s, which succeeds', async (_, args) => {
    const { code, stderr } = await shell.pullpass([...args, ...outside]);
    expect({ code, stderr }).toEqual({
      code: 0,
      stderr:
        'warning: This grants nothing in team-b/app, team-c/*: team-b, team-c are not namespaces of the account.\n' +
        'Check the spelling, or register with: pullpass namespace-add team-b\n',
    });
  });
  it.each(Object.entries(VERBS))('are warned of by %s as JSON', async (_, args) => {
    const one = [...args.filter(arg => arg !== '-q'), '--repository', 'team-b/app', '--output', 'json'];
    const { code, stdout, stderr } = await shell.pullpass(one);
    expect(code).toBe(0);
    expect(JSON.parse(stdout).id).toBe(ID);
    expect(JSON.parse(stderr).warning).toEqual({
      message: 'This grants nothing in team-b/app: team-b is not a namespace of the account.',
      next: 'Check the spelling, or register with: pullpass namespace-add team-b',
    });
  });
  it.each(Object.entries(VERBS))('are not warned of by %s for those within', async (_, args) => {
    const { code, stderr } = await shell.pullpass([...args, '--repository', 'team-a/app']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
  it('are everything while the account has no namespace', async () => {
    stub.replies['GET /v1/namespaces'] = () => ({ json: { namespaces: [] } });
    const { stdout, stderr } = await shell.pullpass(['token-add', '-q']);
    expect(stdout).toBe(`${TOKEN.token}\n`);
    expect(stderr).toBe(
      'warning: The account has no namespace yet, so this grants nothing.\nRegister one with: pullpass namespace-add NAME\n',
    );
  });
  it('are not warned of when the namespaces cannot be read', async () => {
    for (const reply of [() => ({ status: 403 }), () => ({ json: { namespaces: 1 } }), () => undefined]) {
      stub.replies['GET /v1/namespaces'] = reply;
      expect(await shell.pullpass(['token-add', '-q', ...outside])).toMatchObject({ code: 0, stderr: '' });
    }
  });
});
