/** The world of an end-to-end test: one deployment, the registries that trust it, and users with their clients. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { beforeAll, inject } from 'vitest';
import { fileNameOf } from '../../../local/registry-directories.ts';
import type { ClientName, Place } from './clients/client.ts';
import { type Containerd, containerdClient } from './clients/containerd.ts';
import { PROGRAMS, type Programs } from './clients/programs.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './directories.ts';
import { type DockerDaemon, startDockerDaemon } from './docker-daemon.ts';
import { type Image, makeImage, type Shape } from './image.ts';
import { freePort } from './ports.ts';
import { type Answer, newSettings, Pullpass } from './pullpass.ts';
import { type Registry, type RegistryKind, startRegistry } from './registry.ts';

/** A registry, and what the services file says of it beyond its address, which is its name unless it has another. */
export interface RegistryPlan {
  readonly kind: RegistryKind;
  readonly service?: {
    readonly name?: string;
    readonly profile?: 'x5c' | 'kid';
    readonly algorithm?: 'ES256' | 'RS256';
  };
}

export interface Plan {
  /** None: the settings name the services. */
  readonly registries: readonly RegistryPlan[];
  readonly settings?: Record<`PULLPASS_${string}`, string>;
  /** In place of the development IAM. */
  readonly iam?: OwnIam;
}

/** Who vouches for callers, and who the administrator is. */
export interface OwnIam {
  /** The issuers file for a deployment with this URL. */
  entries(publicUrl: string): Promise<object[]>;
  /** `PULLPASS_ADMINISTRATORS`. */
  readonly administrators: string;
  authorization(publicUrl: string): Promise<string>;
}

/** The files in a user's home, by path. */
export type HomeFiles = Readonly<Record<string, string>>;
type RegistryPlace = RegistryPlan & { readonly address: string };

/** Where the clients of a world keep their logins, by the shape that the file has. */
export const DOCKER_CONFIG = '.docker/config.json';
export const CONTAINERS_AUTH = 'auth.json';

/** The namespace that the administrator's account owns. */
export const NAMESPACE = 'team-a';

export class World {
  readonly pullpass: Pullpass;
  readonly registries: Registry[] = [];
  readonly #home: string;
  readonly #endings: (() => Promise<void>)[] = [];
  #daemon: Promise<DockerDaemon> | undefined;
  /** How many directories there are for each purpose: podman takes no long paths. */
  readonly #counts = new Map<string, number>();

  private constructor(pullpass: Pullpass, home: string) {
    this.pullpass = pullpass;
    this.#home = home;
    this.#endings.push(
      () => removeDirectory(home),
      () => pullpass.destroy(),
    );
  }

  static async start({ registries, settings = {}, iam }: Plan): Promise<World> {
    const home = await newDirectory('world');
    const places = await Promise.all(
      registries.map(async plan => ({ ...plan, address: `localhost:${await freePort()}` })),
    );
    const pullpass = await createPullpass({
      ...settings,
      ...(await serviceSettings(home, places)),
      ...iamSettings(home, iam),
    });
    const world = new World(pullpass, home);
    try {
      if (iam !== undefined) await world.#useIam(iam);
      await pullpass.start();
      await pullpass.manage('PUT', `/v1/namespaces/${NAMESPACE}`);
      for (const place of places) await world.#startRegistry(place, places.length);
      return world;
    } catch (error) {
      await world.stop();
      throw error;
    }
  }

  async #useIam({ entries, authorization }: OwnIam): Promise<void> {
    const { url, settings } = this.pullpass;
    await writeFile(String(settings.PULLPASS_ISSUERS), JSON.stringify(await entries(url)));
    this.pullpass.authorization = () => authorization(url);
  }

  async #startRegistry({ kind, address, service }: RegistryPlace, services: number): Promise<void> {
    const name = service?.name ?? address;
    const files = registryDirectory(this.pullpass, name, services);
    const configFile = join(files, kind === 'zot' ? 'zot.json' : 'config.yml');
    const registry = await startRegistry({ kind, address, configFile });
    this.#endings.push(() => registry.stop());
    this.registries.push(registry);
  }

  /** The only registry, or the first. */
  get registry(): Registry {
    const [registry] = this.registries;
    if (registry === undefined) throw new Error('This world has no registry.');
    return registry;
  }

  /** A user with a fresh home that holds these files. */
  async client<N extends ClientName>(name: N, files: HomeFiles = {}): Promise<Programs[N]> {
    return PROGRAMS[name](await this.place(name, files));
  }

  async containerd(): Promise<Containerd> {
    return containerdClient(await this.place('containerd'));
  }

  /** A fresh home that holds these files, for programs that a user runs there. */
  async place(name: string, files: HomeFiles = {}): Promise<Place> {
    const home = await this.#directory(name);
    for (const [path, text] of Object.entries(files)) {
      await mkdir(dirname(join(home, path)), { recursive: true });
      await writeFile(join(home, path), text, { mode: 0o700 });
    }
    const runtime = join(home, 'runtime');
    await mkdir(runtime, { mode: 0o700 });
    const env = {
      ...bareEnvironment(home),
      DOCKER_CONFIG: dirname(join(home, DOCKER_CONFIG)),
      REGISTRY_AUTH_FILE: join(home, CONTAINERS_AUTH),
      XDG_RUNTIME_DIR: runtime,
      TMPDIR: runtime,
    };
    return { home, env, dockerDaemon: () => this.#dockerDaemon() };
  }

  /** A user who is logged in to the only registry. */
  async loggedIn<N extends ClientName>(name: N, password: string, user = 'token'): Promise<Programs[N]> {
    const client = await this.client(name);
    const { code, output } = await client.login(this.registry.address, user, password);
    if (code !== 0) throw new Error(`${name} could not log in: ${output}`);
    return client;
  }

  /** A new image that no registry has. */
  async image(shape: Shape = {}): Promise<Image> {
    return makeImage(await this.#directory('image'), shape);
  }

  /** Puts a new image into the only registry with a token that may push; answers its reference and the image. */
  async pushed(repository: string, apiKey?: string): Promise<{ reference: string; image: Image }> {
    const { token } = await this.pullpass.addToken({ access: 'push' }, apiKey);
    const skopeo = await this.loggedIn('skopeo', token);
    const image = await this.image();
    const reference = `${this.registry.address}/${repository}:v1`;
    const { code, output } = await skopeo.push(image, reference);
    if (code !== 0) throw new Error(`could not push ${reference}: ${output}`);
    return { reference, image };
  }

  /** An API key of the development IAM for another user. */
  async apiKey(iamId: string, account: string): Promise<string> {
    const body = { iam_id: iamId, account_id: account, name: iamId };
    return (await this.pullpass.manage('POST', '/iam/v1/apikeys', body)).apikey;
  }

  /** A request to a registry with what the login endpoint answered. */
  async request(registry: Registry, path: string, login: Answer): Promise<Response> {
    const authorization = `Bearer ${login.json.token}`;
    return fetch(`http://${registry.address}${path}`, { headers: { authorization } });
  }

  #dockerDaemon(): Promise<DockerDaemon> {
    if (this.#daemon === undefined) {
      const daemon = startDockerDaemon();
      this.#daemon = daemon;
      this.#endings.push(async () => (await daemon).stop());
    }
    return this.#daemon;
  }

  /** Ends and removes everything, last come first, also when one of the endings fails. */
  async stop(): Promise<void> {
    const failures: unknown[] = [];
    for (const end of this.#endings.splice(0).reverse()) {
      await end().catch((error: unknown) => failures.push(error));
    }
    if (failures.length > 0) throw new AggregateError(failures, 'The world did not end cleanly.');
  }

  async #directory(purpose: string): Promise<string> {
    const count = (this.#counts.get(purpose) ?? 0) + 1;
    this.#counts.set(purpose, count);
    const directory = join(this.#home, `${purpose}-${count}`);
    await mkdir(directory);
    return directory;
  }
}

/** A world for the tests of the surrounding `describe`, or of the file. */
export function useWorld(plan: Plan): () => World {
  let world: World | undefined;
  beforeAll(async () => {
    world = await World.start(plan);
    return () => world?.stop();
  });
  return () => {
    if (world === undefined) throw new Error('The world has not started.');
    return world;
  };
}

/** One machine, or the functions of a deployment on AWS where the project of vitest has what these need. */
async function createPullpass(settings: Record<`PULLPASS_${string}`, string>): Promise<Pullpass> {
  const emulators = inject('emulators');
  if (emulators === undefined) return Pullpass.create(settings);
  const { DeployedPullpass } = await import('./lambda/deployed.ts');
  return new DeployedPullpass(await newSettings(settings), emulators);
}

function iamSettings(home: string, iam: OwnIam | undefined): Record<`PULLPASS_${string}`, string> {
  if (iam === undefined) return {};
  return { PULLPASS_ISSUERS: join(home, 'issuers.json'), PULLPASS_ADMINISTRATORS: iam.administrators };
}

/** A single registry is named as the README's first login names it; several, or special ones, stand in a file. */
async function serviceSettings(
  home: string,
  places: readonly RegistryPlace[],
): Promise<Record<`PULLPASS_${string}`, string>> {
  const [first] = places;
  if (first === undefined) return {};
  if (places.length === 1 && first.service === undefined) {
    return { PULLPASS_SERVICE: first.address };
  }
  const file = join(home, 'services.json');
  await writeFile(
    file,
    JSON.stringify(places.map(({ address, service }) => ({ name: address, registry: address, ...service }))),
  );
  return { PULLPASS_SERVICES: file };
}

/** Where the product puts what a registry needs: one service has the place to itself. */
function registryDirectory({ settings }: Pullpass, service: string, services: number): string {
  const root = join(settings.PULLPASS_DATA, 'registry');
  return services === 1 ? root : join(root, fileNameOf(service));
}
