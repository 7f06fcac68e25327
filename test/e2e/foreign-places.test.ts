/** The command and the helper send no secret to foreign registries, realms or redirects. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { CaptureServer, type Reply, reply } from '../cli/support/capture.ts';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { PROGRAMS } from './support/clients/programs.ts';
import { CommandUser } from './support/command-user.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from './support/docker-daemon.ts';
import { Pullpass } from './support/pullpass.ts';

const CLIENTS = ['docker', 'skopeo', 'crane'] as const;
/** What a secret of ours begins with, and what may come before one. */
const TRACES = ['plp_', 'plc_', 'token:', 'iamapikey', 'iambearer', 'iamrefresh'];
/** The first characters of any JWT: a registry of ours may be shown access tokens, which are for it alone. */
const JWT = 'eyJ';

let commandLine: InstalledCli;
let home: string;
let daemon: DockerDaemon;
let registry: CaptureServer;
let pullpass: Pullpass;
let foreign: CaptureServer;
let registryReply: Reply;

beforeAll(async () => {
  commandLine = await installCli();
  home = await newDirectory('foreign');
  daemon = await startDockerDaemon();
  registry = await CaptureServer.open(head => registryReply(head));
  foreign = await CaptureServer.open(() =>
    challenge(`http://${foreign.address}/oauth/token`, foreign.address),
  );
  pullpass = await Pullpass.create({ PULLPASS_SERVICE: registry.address });
  await pullpass.start();
});
afterAll(async () => {
  await Promise.all([registry.close(), foreign.close(), pullpass.destroy(), daemon.stop()]);
  await Promise.all([commandLine.remove(), removeDirectory(home)]);
});

function challenge(realm: string, service: string): string {
  return reply('401 Unauthorized', { 'www-authenticate': `Bearer realm="${realm}",service="${service}"` });
}

/** What the registry of the target may answer when it has turned. */
const TURNED: Readonly<Record<string, () => string>> = {
  'a foreign realm': () => challenge(`http://${foreign.address}/oauth/token`, registry.address),
  'a foreign realm that begins like ours': () =>
    challenge(`${pullpass.url}/oauth/token@${foreign.address}/`, registry.address),
  'ours, and a foreign realm': () =>
    reply('401 Unauthorized', {
      'www-authenticate': `Bearer realm="${pullpass.url}/oauth/token",service="${registry.address}", Bearer realm="http://${foreign.address}/",service="${registry.address}"`,
    }),
  'a request for a password': () => reply('401 Unauthorized', { 'www-authenticate': 'Basic realm="simple"' }),
  'a redirect': () => reply('307 Temporary Redirect', { location: `http://${foreign.address}/v2/` }),
};

async function loggedIn(): Promise<CommandUser> {
  const user = await CommandUser.create(commandLine, [registry.address, foreign.address]);
  onTestFinished(() => user.leave());
  const key = await pullpass.administratorKey();
  expect(await user.pullpass(['login', '--url', pullpass.url, '--apikey-stdin'], key)).toMatchObject({
    code: 0,
  });
  return user;
}

/** That none of what the user holds has come to either, nor anything that looks like it. */
async function expectNothingGiven(user: CommandUser): Promise<void> {
  const planted = [...(await user.secrets()), await pullpass.administratorKey()];
  expect(planted.length).toBeGreaterThan(2);
  expect(registry.found([...planted, ...TRACES])).toEqual([]);
  expect(foreign.found([...planted, ...TRACES, JWT])).toEqual([]);
}

async function pull(user: CommandUser, name: (typeof CLIENTS)[number], host: string) {
  const client = await PROGRAMS[name]({
    home,
    env: { ...bareEnvironment(home), ...user.variables, XDG_RUNTIME_DIR: home },
    dockerDaemon: async () => daemon,
  });
  return client.pull(`${host}/team-a/app:v1`);
}

describe.each(CLIENTS)('%s', name => {
  it('gets nothing from the helper for a registry that no target lists', async () => {
    const user = await loggedIn();
    const before = foreign.received.length;

    expect(await pull(user, name, foreign.address)).not.toMatchObject({ code: 0 });
    expect(foreign.received.slice(before)).toContain('/v2/');
    await expectNothingGiven(user);
  });

  it.each(Object.keys(TURNED))(
    'gets nothing from the helper for a registry that answers with %s',
    async turn => {
      registryReply = TURNED[turn] ?? (() => '');
      const user = await loggedIn();

      const { code, output } = await pull(user, name, registry.address);
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /docker-credential-pullpass: \S+ (?:has the realm|does not send exactly|answered with a redirect)/,
      );
      await expectNothingGiven(user);
    },
  );
});

describe.each(Object.keys(TURNED))('a registry that answers with %s', turn => {
  it('is not logged in to, and the kubelet gets nothing for it', async () => {
    registryReply = TURNED[turn] ?? (() => '');
    const user = await loggedIn();
    const { token } = await pullpass.addToken();
    const file = join(home, 'registry-token');
    await writeFile(file, token);

    for (const more of [[], ['--iamrefresh']]) {
      expect(await user.pullpass(['registry-login', '--client', 'skopeo', ...more])).toMatchObject({
        code: 1,
        stdout: '',
      });
    }
    const image = `${registry.address}/team-a/app`;
    const request = {
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderRequest',
      image,
    };
    const args = ['--url', pullpass.url, '--registry', registry.address, '--token-file', file];
    expect(await user.call('pullpass-kubelet-provider', args, JSON.stringify(request))).toMatchObject({
      code: 1,
      stdout: '',
    });
    await user.pullpass(['doctor']);
    await expectNothingGiven(user);
  });
});

describe('a deployment whose address was taken over by one that redirects', () => {
  it('is not followed', async () => {
    registryReply = () => challenge(`${pullpass.url}/oauth/token`, registry.address);
    const user = await loggedIn();
    const { token } = await pullpass.addToken();
    const file = join(home, 'registry-token');
    await writeFile(file, token);
    await pullpass.stop();
    const to = { location: `http://${foreign.address}/` };
    const impostor = await CaptureServer.open(
      () => reply('307 Temporary Redirect', to),
      Number(pullpass.settings.PORT),
    );
    onTestFinished(async () => {
      await impostor.close();
      await pullpass.start();
    });

    expect(await user.helper('get', registry.address)).toMatchObject({ code: 1 });
    for (const verb of [
      'registry-login',
      'credential',
      'registry-config',
      'doctor',
      'whoami',
      'token-list',
    ]) {
      expect(await user.pullpass([verb]), verb).toMatchObject({ code: 1 });
    }
    const image = `${registry.address}/team-a/app`;
    const request = {
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderRequest',
      image,
    };
    const args = ['--url', pullpass.url, '--registry', registry.address, '--token-file', file];
    expect(await user.call('pullpass-kubelet-provider', args, JSON.stringify(request))).toMatchObject({
      code: 1,
    });
    expect(impostor.received).toContain('POST /v1/credentials');
    await expectNothingGiven(user);
  });
});
