/** `registry-login`: which secret a registry client gets, and when it gets none. */

import { chmod, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { logIn, registry, shell, stub, useRegistry } from '../support/setup.ts';
import type { Outcome } from '../support/shell.ts';
import { CREDENTIAL_TIMES, type StubAnswer, type StubRequest } from '../support/stub.ts';

const API_KEY = 'an-api-key-that-no-client-sees';
/** Writes down what it was given. */
const CLIENT = `#!/bin/sh
printf '%s\\n' "$@" > "$0.arguments"
env > "$0.environment"
cat > "$0.input"
`;

/** Whether the caller may push. */
let mayPush: boolean;

useRegistry({ replies: () => ({ 'POST /v1/credentials': vended }) });
beforeEach(async () => {
  mayPush = true;
  await writeFile(join(shell.directory, 'podman'), CLIENT);
  await chmod(join(shell.directory, 'podman'), 0o755);
  await logIn(API_KEY);
});

function vended({ body }: StubRequest): StubAnswer {
  const { access, repositories = null } = JSON.parse(body);
  if (access === 'push' && !mayPush)
    return { status: 403, json: { code: 'wider-than-parent', detail: 'Wider.' } };
  const rest = { registry: registry.address, access, repositories, ...CREDENTIAL_TIMES };
  return { status: 201, json: { username: 'token', password: 'plc_k1.a-password', ...rest } };
}

/** With podman installed, and secrets in the environment. */
function registryLogin(...args: string[]): Promise<Outcome> {
  const PATH = [shell.directory, '/usr/bin', '/bin'].join(delimiter);
  const variables = { PATH, PULLPASS_APIKEY: API_KEY, PULLPASS_OIDC_TOKEN: API_KEY };
  return shell.pullpass(['registry-login', '--client', 'podman', ...args], { variables });
}
const given = (what: string) => readFile(join(shell.directory, `podman.${what}`), 'utf8');
const orders = () =>
  stub.requests.filter(({ line }) => line === 'POST /v1/credentials').map(({ body }) => JSON.parse(body));

const ORDER = { service: 'registry.example', expiresInSeconds: 43_200 };

describe('the local client', () => {
  it('is logged in with a credential that may push', async () => {
    expect(await registryLogin()).toMatchObject({
      code: 0,
      stdout: `Logged podman in to ${registry.address} to push and pull, until 2026-11-21T12:00:00Z.\n`,
    });
    expect(await given('input')).toBe('plc_k1.a-password');
    expect(await given('arguments')).toBe(
      [
        'login',
        '--tls-verify=false',
        '--username',
        'token',
        '--password-stdin',
        `${registry.address}\n`,
      ].join('\n'),
    );
    expect(orders()).toEqual([{ ...ORDER, access: 'push' }]);
  });

  it('is logged in to the registry however it is written', async () => {
    for (const written of [
      `http://${registry.address}`,
      `https://${registry.address}/v2/`,
      'REGISTRY.example',
    ]) {
      if (written !== 'REGISTRY.example')
        expect(await registryLogin(written), written).toMatchObject({ code: 0 });
      // The name of a service is no host.
      else expect(await registryLogin(written)).toMatchObject({ code: 1 });
    }
    expect(await given('arguments')).toContain(`\n${registry.address}\n`);
  });

  it('sees no secret in its environment, and everything else', async () => {
    await registryLogin();
    const environment = await given('environment');
    for (const secret of [API_KEY, 'plc_', 'first-']) expect(environment).not.toContain(secret);
    expect(environment).toContain(`PATH=${shell.directory}`);
  });

  it('is logged in with a credential to pull where its user may not push', async () => {
    mayPush = false;
    const { stdout } = await registryLogin('--repository', 'team-a/app');
    expect(stdout).toBe(
      `Logged podman in to ${registry.address} to pull in team-a/app, until 2026-11-21T12:00:00Z.\n`,
    );
    const order = { ...ORDER, repositories: ['team-a/app'] };
    expect(orders()).toEqual([
      { ...order, access: 'push' },
      { ...order, access: 'pull' },
    ]);
  });

  it('is logged in to many repositories, of which some are shown, and all in JSON', async () => {
    const repositories = Array.from({ length: 32 }, (_, i) => `team-a/app-${i}`);
    const args = repositories.flatMap(name => ['--repository', name]);
    const { stdout } = await registryLogin(...args);
    expect(stdout).toContain(' in team-a/app-0, team-a/app-1, ');
    expect(stdout).toContain(', team-a/app-7 and 24 more, until ');
    const json = await registryLogin(...args, '--output', 'json');
    expect(JSON.parse(json.stdout)).toMatchObject({ repositories });
  });

  it('is logged in as it was asked for, or not at all', async () => {
    await registryLogin('--readonly', '--expires-in', '5m');
    expect(orders()).toEqual([{ ...ORDER, access: 'pull', expiresInSeconds: 300 }]);
    mayPush = false;
    expect(await registryLogin('--readwrite')).toMatchObject({ code: 1, stdout: '' });
    expect(orders()).toHaveLength(2);
  });

  it('is logged in with the refresh token, which is sent nowhere else', async () => {
    const before = stub.requests.length;
    expect(await registryLogin('--iamrefresh', '--output', 'json')).toMatchObject({ code: 0 });
    expect(await given('input')).toBe('first-refresh-token');
    expect(await given('arguments')).toContain('--username\niamrefresh\n');
    expect(stub.requests.length).toBe(before);
    expect(registry.found(['first-refresh-token', 'plc_'])).toEqual([]);
  });
});

describe('no client is logged in', () => {
  it.for([
    ['with two kinds of access', ['--readonly', '--readwrite'], 2],
    ['with a refresh token of less access', ['--iamrefresh', '--readonly'], 2],
    ['to a registry that is not served', ['other.example'], 1],
    ['with a client that is none', ['--client', 'curl'], 2],
  ] as const)('%s', async ([, args, code]) => {
    expect(await registryLogin(...args)).toMatchObject({ code, stdout: '' });
    await expect(given('input')).rejects.toThrow('ENOENT');
  });

  it('without an installed client, and nothing is vended', async () => {
    for (const args of [[], ['--client', 'docker']]) {
      const variables = { PATH: join(shell.directory, 'nowhere') };
      const { code, stdout, stderr } = await shell.pullpass(['registry-login', ...args], { variables });
      expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
      expect(stderr).toContain('Known: docker, podman, skopeo, buildah');
      expect(stderr).toContain('pullpass credential --format docker-config');
    }
    expect(orders()).toEqual([]);
    expect(registry.received).toBe('');
  });

  it('with a client that the command does not know, and the error lists those that it knows', async () => {
    const { code, stderr } = await registryLogin('--client', 'nerdctl');
    expect(code).toBe(2);
    expect(stderr).toBe(
      'error: --client must be one of: docker, podman, skopeo, buildah.\nFor any other client, print a configuration with: pullpass credential --format docker-config\n',
    );
    expect(await registryLogin('--client', 'Podman')).toMatchObject({ code: 0 });
  });

  it('before the registry has been asked where it sends its clients', async () => {
    await registry.close();
    for (const more of [[], ['--iamrefresh']])
      expect(await registryLogin(...more)).toMatchObject({ code: 1 });
    expect(orders()).toEqual([]);
    await expect(given('input')).rejects.toThrow('ENOENT');
  });

  it('when the deployment fails, which is not asked for less then', async () => {
    stub.replies['POST /v1/credentials'] = () => ({
      status: 503,
      json: { code: 'unavailable', detail: 'No.' },
    });
    expect(await registryLogin()).toMatchObject({ code: 1, stdout: '' });
    // With the refresh token, and then without it.
    expect(orders().map(({ access }) => access)).toEqual(['push', 'push']);
  });

  it('with a refresh token, where the login has none', async () => {
    await shell.pullpass(['login', '--url', stub.url, '--oidc-token-stdin'], { input: 'eyJ.eyJ.sig' });
    const { code, stderr } = await registryLogin('--iamrefresh');
    expect(code).toBe(1);
    expect(stderr).toContain('has no IAM refresh token');
  });
});
