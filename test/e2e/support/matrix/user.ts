/** Someone who uses one client of the matrix, in a home of their own. */
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Place } from '../clients/client.ts';
import { PROJECT } from '../directories.ts';
import { type Result, run } from '../processes.ts';
import { NAMESPACE, type World } from '../world.ts';
import type { Client } from './programs.ts';

/** Where `test/e2e/clients/install` puts what it builds. */
const INSTALLED = join(PROJECT, '.build', 'tools', 'clients');

const STEP_MS = 60_000;

/** What a step is about. */
export interface Step {
  readonly tag?: string;
  /** `repository`, or `repository@sha256` with the rest of a digest as its tag; by default one of the client's own. */
  readonly repository?: string;
  /** `host:port`; by default the user's registry. */
  readonly registry?: string;
  readonly timeoutMs?: number;
}

/** Someone with a home of their own and one program. */
export class User {
  /** A repository of the client's own, below the namespace. */
  readonly repository: string;
  readonly #client: Client;
  readonly #world: World;
  readonly #home: string;
  readonly #env: NodeJS.ProcessEnv;

  private constructor(client: Client, world: World, { home, env }: Pick<Place, 'home' | 'env'>) {
    this.repository = `${NAMESPACE}/${slugOf(client)}`;
    this.#client = client;
    this.#world = world;
    this.#home = home;
    this.#env = env;
  }

  /** A user of a registry, by default the world's only one. Throws, with the command that installs it, when the program is missing. */
  static async of(client: Client, world: World, registry = world.registry.address): Promise<User> {
    requireCommand(client);
    const place = await world.place(slugOf(client), client.files);
    const daemon = client.daemon && (await place.dockerDaemon());
    const { PATH } = environment(client);
    const env = {
      ...place.env,
      PATH,
      // Their caches of downloads, which say nothing about a login.
      GOMODCACHE: process.env.GOMODCACHE ?? join(process.env.HOME ?? '', 'go/pkg/mod'),
      GOCACHE: process.env.GOCACHE ?? join(process.env.HOME ?? '', '.cache/go-build'),
      MAVEN_OPTS: `-Dmaven.repo.local=${process.env.HOME ?? ''}/.m2/repository`,
      REGISTRY: registry,
      ...(daemon ? { DOCKER_HOST: daemon.host, CONTAINERD_ADDRESS: daemon.containerd } : {}),
    };
    return new User(client, world, { home: place.home, env });
  }

  async does(step: 'login' | 'push' | 'pull', secret: string, what: Step = {}): Promise<Result> {
    const { layout, archive } = await this.#world.image();
    const env = { ...this.#variables(secret, what), LAYOUT: layout, ARCHIVE: archive };
    return this.#run(this.#client[step], env, what);
  }

  /** Pulls by digest instead of the tag. */
  async pullsByDigest(secret: string, digest: string): Promise<Result> {
    const { pullByDigest } = this.#client;
    const [algorithm, tag = ''] = digest.split(':');
    const what = { repository: `${this.repository}@${algorithm}`, tag };
    if (pullByDigest === undefined) return this.does('pull', secret, what);
    return this.#run(pullByDigest, { ...this.#variables(secret, {}), DIGEST: digest }, what);
  }

  #variables(secret: string, { tag = '', repository = this.repository, registry }: Step): NodeJS.ProcessEnv {
    const host = registry ?? String(this.#env.REGISTRY);
    return { ...this.#env, REGISTRY: host, IMAGE: `${host}/${repository}`, TAG: tag, SECRET: secret };
  }

  #run(script: string, env: NodeJS.ProcessEnv, { timeoutMs = STEP_MS }: Step): Promise<Result> {
    return run('bash', ['-eo', 'pipefail', '-c', script], { env, cwd: this.#home, timeoutMs });
  }
}

function slugOf({ name }: Client): string {
  return name.replaceAll(/\W+/g, '-').toLowerCase().replace(/-$/, '');
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

/** Debian's programs before others of the same name, but not a Go of Debian before the one that a client builds with. */
export function environment({ source }: Client): NodeJS.ProcessEnv {
  const { PATH = '', HOME } = process.env;
  const before = source === 'Debian 12' ? ['/usr/bin', INSTALLED] : [INSTALLED];
  return { PATH: [...before, PATH].join(delimiter), HOME };
}

/** Of the package, without its version. */
export function nameOf({ package: spec }: Client): string {
  return spec.replace(/(?:@|==)[^@=]*$/, '');
}
