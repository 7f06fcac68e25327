/** Each client at each registry: what a token allows, and nothing more. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PROJECT } from '../directories.ts';
import { expectSuccess } from '../expect.ts';
import { type Result, run } from '../processes.ts';
import type { RegistryKind } from '../registry.ts';
import { useWorld, type World } from '../world.ts';
import { type Client, versionOf } from './programs.ts';

/** Where `test/e2e/clients/install` puts what it builds. */
const INSTALLED = join(PROJECT, '.build', 'tools', 'clients');

const STEP_MS = 60_000;

/** The tests of these clients, at each of these registries. */
export function describeMatrix(clients: readonly Client[], registries: readonly RegistryKind[]): void {
  describe.each(registries)('at %s', kind => {
    const world = useWorld({
      registries: [kind === 'zot' ? { kind, service: { profile: 'kid' } } : { kind }],
    });
    it.each(clients)(
      '$name pushes and pulls as its token allows, and not after its removal',
      async client => {
        const user = await User.of(client, world());
        const pusher = await world().pullpass.addToken({ access: 'push' });
        expectSuccess(await user.does('login', pusher.token));
        expectSuccess(await user.does('push', pusher.token, '1.0.0'));
        expectSuccess(await user.does('pull', pusher.token, '1.0.0'));

        const puller = await world().pullpass.addToken();
        expectSuccess(await user.does('login', puller.token));
        expectSuccess(await user.does('pull', puller.token, '1.0.0'));
        expectRefused(await user.does('push', puller.token, '2.0.0'));

        if (client.keepsAccessTokens) return;
        await world().pullpass.demand('DELETE', `/v1/tokens/${puller.id}`);
        expectRefused(await user.does('pull', puller.token, '1.0.0'));
      },
    );
  });

  describe('the version that is tried is the one of packages.json', () => {
    it.each(clients)('$name', async client => {
      const { output } = await run('bash', ['-c', versionCommand(client)], { env: environment(client) });
      expect(output).toContain(versionOf(client));
    });
  });
}

/** What clients print of a refusal, in their many words. */
const REFUSAL =
  /denied|unauthori[sz]ed|insufficient_scope|\b40[13]\b|invalid username\/password|requires a token/i;

/** It failed because it was refused, in its time: a client that waits for a terminal has not understood the refusal. */
function expectRefused(result: Result): void {
  expect(result.output).toMatch(REFUSAL);
  expect(result, result.output).toMatchObject({
    code: expect.toSatisfy(code => code !== 0),
    timedOut: false,
  });
}

/** Debian's programs before others of the same name, but not a Go of Debian before the one that a client builds with. */
function environment({ source }: Client): NodeJS.ProcessEnv {
  const { PATH = '', HOME } = process.env;
  const before = source === 'Debian 12' ? ['/usr/bin', INSTALLED] : [INSTALLED];
  return { PATH: [...before, PATH].join(delimiter), HOME };
}

/** Of the package, without its version. */
function nameOf({ package: spec }: Client): string {
  return spec.replace(/(?:@|==)[^@=]*$/, '');
}

/** Asks the package manager, because some programs do not know their version. */
function versionCommand(client: Client): string {
  const name = nameOf(client);
  const commands: Record<string, string> = {
    'Debian 12': `dpkg-query --show ${name}`,
    Go: `go version -m "$(command -v ${client.command})"`,
    PyPI: `${client.command} -m pip show ${name}`,
    npm: `${client.command} --version`,
    // Maven runs the version that the script names.
    Maven: `echo ${client.package}`,
  };
  return commands[client.source] ?? '';
}

/** Someone with a home of their own and one program. */
class User {
  readonly #client: Client;
  readonly #world: World;
  readonly #home: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(client: Client, world: World, home: string, env: NodeJS.ProcessEnv) {
    this.#client = client;
    this.#world = world;
    this.#home = home;
    this.#env = env;
  }

  /** Throws, with the command that installs it, when the program is missing. */
  static async of(client: Client, world: World): Promise<User> {
    requireCommand(client);
    const slug = client.name.replaceAll(/\W+/g, '-').toLowerCase().replace(/-$/, '');
    const place = await world.place(slug, client.files);
    const daemon = client.daemon && (await place.dockerDaemon());
    const { PATH } = environment(client);
    const env = {
      ...place.env,
      PATH,
      // Their caches of downloads, which say nothing about a login.
      GOMODCACHE: process.env.GOMODCACHE ?? join(process.env.HOME ?? '', 'go/pkg/mod'),
      GOCACHE: process.env.GOCACHE ?? join(process.env.HOME ?? '', '.cache/go-build'),
      MAVEN_OPTS: `-Dmaven.repo.local=${process.env.HOME ?? ''}/.m2/repository`,
      REGISTRY: world.registry.address,
      IMAGE: `${world.registry.address}/team-a/${slug}`,
      ...(daemon ? { DOCKER_HOST: daemon.host, CONTAINERD_ADDRESS: daemon.containerd } : {}),
    };
    return new User(client, world, place.home, env);
  }

  async does(step: 'login' | 'push' | 'pull', secret: string, tag = ''): Promise<Result> {
    const { layout, archive } = await this.#world.image();
    const env = { ...this.#env, SECRET: secret, TAG: tag, LAYOUT: layout, ARCHIVE: archive };
    const script = ['-eo', 'pipefail', '-c', this.#client[step]];
    return run('bash', script, { env, cwd: this.#home, timeoutMs: STEP_MS });
  }
}

function requireCommand(client: Client): void {
  const { command, ci, source } = client;
  const places = (environment(client).PATH ?? '').split(delimiter).map(directory => join(directory, command));
  if (places.some(isExecutable)) return;
  const name = source === 'Maven' ? 'maven' : nameOf(client);
  const apt = source === 'Debian 12' || source === 'Maven';
  const how = apt ? `apt-get install ${name}` : `test/e2e/clients/install${ci ? ' --ci' : ''}`;
  throw new Error(`${command} is missing. Install it with: ${how}`);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
