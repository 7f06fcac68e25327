/** `registry-login` of a client that asks the credential helper: what it prints is what the helper gives from then on. */

import { existsSync } from 'node:fs';
import { chmod, readFile, rename, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../../cli/helper/serve.ts';
import { formatRegistryToken } from '../../../lib/domain/registry-token.ts';
import { logIn, registry, shell, stub, useRegistry } from '../support/setup.ts';
import type { Outcome } from '../support/shell.ts';
import { CREDENTIAL_TIMES, type StubAnswer, type StubRequest } from '../support/stub.ts';

const ID = '01a1fde6-b720-7292-88d8-03b75b4a87b0';
const TOKEN = formatRegistryToken('dev:acme', ID, new Uint8Array(32).fill(1)).reveal();
/** A client with a helper, which the test runs once it is told how: `<client>.store` is what a process would be given. */
const CLIENT = `#!/bin/sh
while [ $# -gt 1 ]; do [ "$1" = --username ] && user=$2; shift; done
printf '{"ServerURL":"%s","Username":"%s","Secret":"%s"}' "$1" "$user" "$(cat)" > "$0.input"
printf %s "$PULLPASS_REGISTRY_LOGIN" > "$0.order" && mv "$0.input" "$0.store"
while [ ! -e "$0.code" ]; do sleep 0.01; done
code=$(cat "$0.code") && rm "$0.code" "$0.store"
[ "$code" = 0 ] || cat "$0.said" >&2
exit "$code"
`;

/** Whether the caller may push. */
let mayPush: boolean;

useRegistry({ replies: () => ({ 'POST /v1/credentials': vended }) });
beforeEach(async () => {
  mayPush = true;
  await writeFile(join(shell.directory, 'podman'), CLIENT);
  await chmod(join(shell.directory, 'podman'), 0o755);
  await logIn();
});

function vended({ body }: StubRequest): StubAnswer {
  const { access, repositories = null } = JSON.parse(body);
  if (access === 'push' && !mayPush) return { status: 403, json: { code: 'wider-than-parent' } };
  const rest = { registry: registry.address, access, repositories, ...CREDENTIAL_TIMES };
  return { status: 201, json: { username: 'token', password: `plc_k1.${access}`, ...rest } };
}

/** The client calls its helper as docker does (docker/cli `cli/config/credentials/native_store.go`). */
async function registryLogin(...args: string[]): Promise<Outcome> {
  const PATH = [shell.directory, '/usr/bin', '/bin'].join(delimiter);
  const login = shell.pullpass(['registry-login', '--client', 'podman', ...args], { variables: { PATH } });
  const ended = login.then(() => true as const);
  await helperOf(join(shell.directory, 'podman'), ended);
  return login;
}

async function helperOf(client: string, ended: Promise<true>): Promise<void> {
  while (!existsSync(`${client}.store`)) if (await Promise.race([ended, setTimeout(5)])) return;
  const [input, order] = await Promise.all([
    readFile(`${client}.store`, 'utf8'),
    readFile(`${client}.order`, 'utf8'),
  ]);
  const variables = { PULLPASS_REGISTRY_LOGIN: order };
  const { code, stdout } = await shell.runs(serve, ['store'], { input, variables });
  await writeFile(`${client}.said`, stdout);
  await writeFile(`${client}.tmp`, String(code));
  await rename(`${client}.tmp`, `${client}.code`);
}

/** What the helper asks the deployment for now. */
async function asked(): Promise<object[]> {
  const before = stub.requests.length;
  const { code, stdout } = await shell.runs(serve, ['get'], { input: registry.address });
  expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('plc_') });
  const requests = stub.requests.slice(before).filter(({ line }) => line === 'POST /v1/credentials');
  return requests.map(({ body }) => JSON.parse(body)).map(({ service: _, ...order }) => order);
}

const HOUR = 3600;

describe('the helper of the client gives from then on', () => {
  it.for<[args: string[], printed: string, wish: object]>([
    [
      [],
      'to push and pull: its credential helper gives it credentials for 1h each.',
      { access: 'push', expiresInSeconds: HOUR },
    ],
    [
      ['--readonly'],
      'to pull: its credential helper gives it credentials for 1h each.',
      { access: 'pull', expiresInSeconds: HOUR },
    ],
    [
      ['--readwrite', '--expires-in', '2h'],
      'to push and pull: its credential helper gives it credentials for 2h each.',
      { access: 'push', expiresInSeconds: 2 * HOUR },
    ],
    [
      ['--repository', 'team-a/app', '--repository', 'team-b/*'],
      'to push and pull in team-a/app, team-b/*: its credential helper gives it credentials for 1h each.',
      { access: 'push', expiresInSeconds: HOUR, repositories: ['team-a/app', 'team-b/*'] },
    ],
  ])('what is asked for with %j, and that is printed', async ([args, printed, wish]) => {
    expect(await registryLogin(...args)).toEqual({
      code: 0,
      stderr: '',
      stdout: `Logged podman in to ${registry.address} ${printed}\n`,
    });
    expect(await asked()).toEqual([wish]);
  });

  it('what the last registry-login has asked for, and no more than it', async () => {
    await registryLogin('--readonly', '--repository', 'team-a/app', '--expires-in', '15m');
    await registryLogin('--readonly');
    expect(await asked()).toEqual([{ access: 'pull', expiresInSeconds: HOUR }]);
    await registryLogin();
    mayPush = false;
    expect(await asked()).toMatchObject([{ access: 'push' }, { access: 'pull' }]);
  });

  it('nothing, where the push that was asked for is no longer allowed', async () => {
    await registryLogin('--readwrite');
    mayPush = false;
    const { code } = await shell.runs(serve, ['get'], { input: registry.address });
    expect(code).toBe(1);
  });

  it('credentials of the login, and no longer of a registry token that was stored before', async () => {
    const input = JSON.stringify({ ServerURL: registry.address, Username: 'token', Secret: TOKEN });
    await shell.runs(serve, ['store'], { input });
    await registryLogin('--readonly');
    await asked();
    expect(stub.received).not.toContain(TOKEN);
    await shell.runs(serve, ['store'], { input });
    expect(await asked()).toEqual([{ access: 'push', expiresInSeconds: HOUR }]);
    expect(stub.received).toContain(TOKEN);
  });

  it('credentials of the target that was named, although another one lists the registry', async () => {
    await shell.says('target-add', 'aaa', stub.url);
    await registryLogin('--readonly', '--target', new URL(stub.url).host);
    await shell.says('target-use', 'aaa');
    expect(await asked()).toEqual([{ access: 'pull', expiresInSeconds: HOUR }]);
    await shell.says('logout', '--target', new URL(stub.url).host);
    expect(await shell.runs(serve, ['get'], { input: registry.address })).toMatchObject({
      code: 1,
      stderr: `docker-credential-pullpass: Log in with: pullpass login --target ${new URL(stub.url).host}\n`,
    });
  });

  it('the same after a docker login without a user name, which stores what the helper has answered', async () => {
    await registryLogin('--readonly');
    const { stdout } = await shell.runs(serve, ['get'], { input: registry.address });
    expect(await shell.runs(serve, ['store'], { input: stdout })).toMatchObject({ code: 0 });
    expect(await asked()).toEqual([{ access: 'pull', expiresInSeconds: HOUR }]);
  });
});

describe('it is said', () => {
  it('in JSON that a helper serves the client, and that no credential of this login remains', async () => {
    const { stdout } = await registryLogin('--readonly', '--output', 'json');
    expect(JSON.parse(stdout)).toMatchObject({
      access: 'pull',
      expiresAt: null,
      credentialHelper: 'pullpass',
    });
  });

  it('that builders remember a credential for longer than it is valid', async () => {
    const { code, stderr } = await registryLogin('--expires-in', '5m');
    expect(code).toBe(0);
    expect(stderr).toMatch(
      /^warning: Builders remember what the credential helper gives them for ten minutes/,
    );
  });
});

describe('a refresh token', () => {
  it('is not given to a client with the helper, and nothing is printed or changed', async () => {
    await registryLogin('--readonly');
    const { code, stdout, stderr } = await registryLogin('--iamrefresh');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain(
      `The credential helper serves ${registry.address}, and stays logged in by itself. Use registry-login without --iamrefresh.`,
    );
    expect(await asked()).toEqual([{ access: 'pull', expiresInSeconds: HOUR }]);
  });

  it.each([['--readonly'], ['--readwrite'], ['--repository', 'team-a/app'], ['--expires-in', '1h']])(
    'cannot be bounded: %s',
    async (...args) => {
      expect(await registryLogin('--iamrefresh', ...args)).toMatchObject({ code: 2, stdout: '' });
    },
  );
});

describe('a client without the helper', () => {
  it('changes nothing of what the helper gives to others', async () => {
    await registryLogin('--readonly');
    await writeFile(join(shell.directory, 'podman'), '#!/bin/sh\ncat > /dev/null\n');
    const { stdout } = await registryLogin();
    expect(stdout).toContain('to push and pull, until 2026-11-21T12:00:00Z.');
    expect(await asked()).toEqual([{ access: 'pull', expiresInSeconds: HOUR }]);
  });
});

describe('an order', () => {
  it.each([
    '',
    '{',
    '{}',
    '{"id":"a","registry":"r","target":"t","access":"delete","repositories":null,"expiresInSeconds":null}',
  ])('that is none is ignored: %s', async text => {
    const input = JSON.stringify({ ServerURL: registry.address, Username: 'token', Secret: 'plc_k1.a' });
    const variables = { PULLPASS_REGISTRY_LOGIN: text };
    expect(await shell.runs(serve, ['store'], { input, variables })).toMatchObject({ code: 0 });
    expect((await shell.home.read()).orders).toEqual([]);
  });

  it('for another registry than the client logs in to is ignored', async () => {
    const order = { id: 'a', registry: 'other.example', target: 'here', access: 'pull', repositories: null };
    const variables = { PULLPASS_REGISTRY_LOGIN: JSON.stringify({ ...order, expiresInSeconds: null }) };
    const input = JSON.stringify({ ServerURL: registry.address, Username: 'token', Secret: 'plc_k1.a' });
    await shell.runs(serve, ['store'], { input, variables });
    expect((await shell.home.read()).orders).toEqual([]);
  });
});
