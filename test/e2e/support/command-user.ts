/** A user with the installed command line, whose clients ask the credential helper for some registries. */
import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readState, type State } from '../../../cli/home.ts';
import type { Secret } from '../../../lib/domain/secret.ts';
import type { InstalledCli } from './cli-package.ts';
import type { ClientName } from './clients/client.ts';
import { PROGRAMS, type Programs } from './clients/programs.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import type { World } from './world.ts';

export interface Said {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
  readonly tookMs: number;
}

const PATIENCE_MS = 60_000;

export class CommandUser {
  /** For every program that he runs. */
  readonly variables: Readonly<Record<string, string>>;
  readonly #home: string;

  private constructor(home: string, { bin }: InstalledCli) {
    this.#home = home;
    this.variables = {
      PATH: `${bin}:${process.env.PATH}`,
      PULLPASS_HOME: join(home, 'pullpass'),
      DOCKER_CONFIG: join(home, 'docker'),
      REGISTRY_AUTH_FILE: join(home, 'auth.json'),
    };
  }

  /** `helped`: the registries for which docker, skopeo, podman, buildah and crane ask the helper. */
  static async create(commandLine: InstalledCli, helped: readonly string[] = []): Promise<CommandUser> {
    const home = await newDirectory('user');
    const user = new CommandUser(home, commandLine);
    const config = JSON.stringify({
      credHelpers: Object.fromEntries(helped.map(name => [name, 'pullpass'])),
    });
    await mkdir(join(home, 'docker'));
    for (const file of [join(home, 'docker', 'config.json'), join(home, 'auth.json')])
      await writeFile(file, config);
    return user;
  }

  /** One of his clients. */
  async client<N extends ClientName>(world: World, name: N): Promise<Programs[N]> {
    const { env, ...place } = await world.place(name);
    return PROGRAMS[name]({ ...place, env: { ...env, ...this.variables } });
  }

  pullpass(args: readonly string[], input = ''): Promise<Said> {
    return this.call('pullpass', args, input);
  }

  helper(action: string, input = ''): Promise<Said> {
    return this.call('docker-credential-pullpass', [action], input);
  }

  /** Runs a program of his to its end. */
  call(program: string, args: readonly string[], input = ''): Promise<Said> {
    const env = { ...bareEnvironment(this.#home), ...this.variables };
    const start = performance.now();
    return new Promise(resolve => {
      const child = execFile(program, args, { env, timeout: PATIENCE_MS }, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code ?? -1);
        resolve({ code, stdout, stderr, tookMs: performance.now() - start });
      });
      child.stdin?.on('error', () => undefined).end(input);
    });
  }

  /** All that is remembered. */
  async state(): Promise<State> {
    const state = readState(await readFile(join(this.#home, 'pullpass', 'state.json'), 'utf8'));
    if (state === undefined) throw new Error('The state cannot be understood.');
    return state;
  }

  /** Every secret that is remembered. */
  async secrets(): Promise<string[]> {
    const { targets, registryTokens } = await this.state();
    const logins = targets.flatMap(({ login }) => Object.values(login ?? {}));
    const held = [...logins, ...registryTokens.map(({ token }) => token)];
    return held
      .filter((value): value is Secret => typeof value === 'object' && value !== null)
      .map(secret => secret.reveal());
  }

  async leave(): Promise<void> {
    await removeDirectory(this.#home);
  }
}
