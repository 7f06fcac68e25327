/** A home that is absent, read-only or broken: a renewed login is used, and other registries are not in the way. */

import { chmod, chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { serve } from '../../cli/helper/serve.ts';
import { EMPTY, writeState } from '../../cli/home.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { CaptureServer, reply } from './support/capture.ts';
import { shell, stub, useStub } from './support/setup.ts';
import type { Typed } from './support/shell.ts';
import { asStranger, IS_ROOT, STRANGER } from './support/stranger.ts';
import { CREDENTIAL_TIMES, TOKEN_ENDPOINT } from './support/stub.ts';

let registry: CaptureServer;
let home: string;
let file: string;
useStub(() => ({
  'POST /v1/credentials': () => ({
    status: 201,
    json: {
      ...{ username: 'token', password: 'plc_k1.x', registry: registry.address, access: 'push' },
      ...{ repositories: null, ...CREDENTIAL_TIMES },
    },
  }),
  'GET /v1/tokens': ({ line }) => ({
    json: { tokens: [], nextCursor: line.includes('cursor=') ? null : 'next' },
  }),
}));
beforeEach(async () => {
  const challenge = `Bearer realm="${stub.url}/oauth/token",service="registry.example"`;
  registry = await CaptureServer.open(() => reply('401 Unauthorized', { 'www-authenticate': challenge }));
  home = join(shell.directory, 'pullpass');
  file = join(home, 'state.json');
  await mkdir(home, { mode: 0o700 });
});
afterEach(async () => {
  await chmod(home, 0o700).catch(() => undefined);
});

/** The state of a user whose access token has ended. */
async function loggedIn(): Promise<void> {
  const login = {
    kind: 'iam',
    accessToken: new Secret('an-old-access-token'),
    expiresAt: 1,
    refreshToken: new Secret('a-refresh-token'),
  } as const;
  const issuer = {
    ...{ key: 'dev', issuer: 'https://iam.example', tokenEndpoint: `${stub.url}/token`, clientId: 'cli' },
  };
  const services = [{ name: 'registry.example', registry: registry.address }];
  const targets = [{ name: 'here', url: stub.url, services, issuer, login }];
  await writeFile(file, writeState({ ...EMPTY, current: 'here', targets }), {
    mode: 0o600,
  });
  await everythingToStranger();
}

async function everythingToStranger(): Promise<void> {
  if (!IS_ROOT) return;
  for (const path of [shell.directory, home, file])
    await chown(path, STRANGER, STRANGER).catch(() => undefined);
}

const pullpass = (args: string[], typed?: Typed) => asStranger(() => shell.pullpass(args, typed));
const helper = (action: string, input: string, typed: Typed = {}) =>
  asStranger(() => shell.runs(serve, [action], { ...typed, input }));
const WARNING =
  /The renewed login is used, but not stored\. \S+state\.json cannot be written: permission denied\./;

describe('a renewed login that cannot be stored', () => {
  it('is used by a command for all of its requests, with one warning', async () => {
    await loggedIn();
    await chmod(home, 0o500);
    const { code, stderr } = await pullpass(['tokens']);
    expect(code).toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(WARNING)]);
    expect(stderr).toMatch(/^warning: /);
    expect(stub.lines.filter(line => line.startsWith('GET /v1/tokens'))).toHaveLength(2);
    expect(stub.lines.filter(line => line === TOKEN_ENDPOINT)).toHaveLength(1);
  });

  it('is used by the credential helper, with one warning', async () => {
    await loggedIn();
    await chmod(home, 0o500);
    const { code, stdout, stderr } = await helper('get', registry.address);
    expect({ code, secret: JSON.parse(stdout).Secret }).toEqual({ code: 0, secret: 'plc_k1.x' });
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(WARNING)]);
    expect(stderr).toMatch(/^docker-credential-pullpass: /);
  });

  it('is used when another process has left its lock behind', async () => {
    await loggedIn();
    await writeFile(join(home, 'renewal.lock.1'), 'released');
    await chmod(home, 0o500);
    expect((await pullpass(['tokens'])).code).toBe(0);
  });

  it('is stored without a word where it can be', async () => {
    await loggedIn();
    expect(await pullpass(['tokens'])).toMatchObject({ code: 0, stderr: '' });
    expect(await pullpass(['tokens'])).toMatchObject({ code: 0, stderr: '' });
    expect(stub.lines.filter(line => line === TOKEN_ENDPOINT)).toHaveLength(1);
  });
});

describe('a command that must store something', () => {
  it.for([
    ['login', ['login', '--apikey', 'a-key']],
    ['logout', ['logout']],
    ['target-rm', ['target-rm', 'here']],
  ] as const)('%s says why it cannot, and what to do', async ([, args]) => {
    await loggedIn();
    await chmod(home, 0o500);
    const { code, stderr } = await pullpass([...args]);
    expect(code).toBe(1);
    expect(stderr).toBe(
      `error: ${file} cannot be written: permission denied.\nSet PULLPASS_HOME to a directory of your own.\n`,
    );
  });

  it('login says so before it sends or asks for a secret', async () => {
    await loggedIn();
    await chmod(home, 0o500);
    expect((await pullpass(['login', '--apikey', 'a-key'])).code).toBe(1);
    const { code, stderr } = await pullpass(['login'], { isTTY: true, input: '' });
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.not.stringContaining('URL of') });
    expect(stub.lines).toEqual([]);
  });

  it('says that it has no home', async () => {
    const variables = { PULLPASS_HOME: '', HOME: '' };
    expect(await pullpass(['login', '--url', stub.url, '--apikey', 'a-key'], { variables })).toMatchObject({
      code: 1,
      stderr: 'error: There is no directory to keep logins in.\nSet HOME or PULLPASS_HOME.\n',
    });
    expect(stub.lines).toEqual([]);
  });
});

const FOREIGN = ['other.example', 'https://index.docker.io/v1/', 'OTHER.example:443', ''];
const NOT_FOUND = { code: 1, stdout: 'credentials not found in native keychain\n' };

describe('the helper, for a registry that no target lists,', () => {
  const HOMES: Record<string, () => Promise<Record<string, string>>> = {
    'no variable names': async () => ({ PULLPASS_HOME: '', HOME: '' }),
    'was never made': async () => ({ PULLPASS_HOME: '', HOME: '/nonexistent' }),
    'is below /dev/null': async () => ({ PULLPASS_HOME: '', HOME: '/dev/null' }),
    'is a file': async () => {
      await rm(home, { recursive: true });
      await writeFile(home, '');
      return {};
    },
    'is empty and read-only': async () => {
      await chmod(home, 0o500);
      return {};
    },
    'may not be entered': async () => {
      await chmod(home, 0o000);
      return {};
    },
    'has a state that may not be read': async () => {
      await chmod(file, 0o000);
      return {};
    },
    'has a state that others may read': async () => {
      await chmod(file, 0o644);
      return {};
    },
    'is open to others': async () => {
      await chmod(home, 0o755);
      return {};
    },
    'has a state that is cut off': async () => {
      await writeFile(file, '{"version":1,');
      return {};
    },
    'has a directory for a state': async () => {
      await rm(file);
      await mkdir(file, { mode: 0o700 });
      return {};
    },
  };
  it.each(Object.entries(HOMES))('finds nothing in a home that %s', async (name, make) => {
    await loggedIn();
    const variables = await make();
    await everythingToStranger();
    for (const serverUrl of FOREIGN) {
      for (const action of ['get', 'erase']) {
        expect(await helper(action, serverUrl, { variables }), serverUrl).toMatchObject(NOT_FOUND);
      }
    }
    if (!name.includes('read-only')) {
      expect(await helper('list', '', { variables })).toMatchObject({ code: 0, stdout: '{}\n' });
    }
  });

  it.runIf(IS_ROOT)('finds nothing in the home of another user', async () => {
    await loggedIn();
    const { code, stdout, stderr } = await shell.runs(serve, ['get'], { input: 'other.example' });
    expect({ code, stdout }).toEqual(NOT_FOUND);
    expect(stderr).toContain('belongs to another user. Set PULLPASS_HOME to a directory of your own.');
  });
});

describe('the helper, for a registry that a state names which it may not use,', () => {
  const STATES: Record<string, [() => Promise<void>, string]> = {
    'says that others may read it': [() => chmod(file, 0o644), `Close it with: chmod 600 `],
    'says that others may enter the home': [() => chmod(home, 0o755), `Close it with: chmod 700 `],
    'says that it is not valid': [
      () => writeFile(file, `{"registry":"${registry.address}"`),
      'is not a valid state file. Move it away',
    ],
  };
  it.each(Object.entries(STATES))('%s, and not that nothing was found', async (_, [make, text]) => {
    await loggedIn();
    await make();
    const { code, stdout } = await helper('get', registry.address);
    expect(code).toBe(1);
    expect(stdout).toContain(text);
    expect(stub.lines).toEqual([]);
  });
});
