/** A registry of any kind behind the proxy, with a gate in between, and the clients that pull through it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll } from 'vitest';
import { newDirectory, removeDirectory } from '../directories.ts';
import { expectSuccess } from '../expect.ts';
import { type Gate, openGate } from '../gate.ts';
import { PASSWORD, startUpstream, type Upstream, type UpstreamKind } from '../upstream.ts';
import { World } from '../world.ts';
import type { Client } from './programs.ts';
import { User } from './user.ts';

const PREFIX = 'customers/';

export class RegistryProxy {
  readonly world: World;
  readonly gate: Gate;
  readonly #upstream: Upstream;
  readonly #files: string;

  private constructor(world: World, gate: Gate, { upstream, files }: { upstream: Upstream; files: string }) {
    this.world = world;
    this.gate = gate;
    this.#upstream = upstream;
    this.#files = files;
  }

  static async start(kind: UpstreamKind): Promise<RegistryProxy> {
    const [upstream, files] = await Promise.all([startUpstream(kind), newDirectory('services')]);
    const gate = await openGate(upstream.address);
    const services = join(files, 'services.json');
    const behind = { ...upstream.configuration, url: gate.url, prefix: PREFIX };
    await writeFile(services, JSON.stringify([{ name: 'proxy', upstream: behind }]));
    const world = await World.start({ registries: [], settings: { PULLPASS_SERVICES: services } });
    return new RegistryProxy(world, gate, { upstream, files });
  }

  /** Where clients log in: `npm start` itself. */
  get registry(): string {
    return new URL(this.world.pullpass.url).host;
  }

  user(client: Client): Promise<User> {
    return User.of(client, this.world, this.registry);
  }

  /** Has the user put something of its own into the registry behind, by the same commands; answers its digest. */
  async fill(user: User, { below = '' }: Client, tag: string): Promise<string> {
    const there = { registry: this.#upstream.address, repository: PREFIX + user.repository, tag };
    expectSuccess(await user.does('login', PASSWORD, there));
    expectSuccess(await user.does('push', PASSWORD, there));
    return this.#upstream.digestOf(`${PREFIX}${user.repository}${below}`, tag);
  }

  /** Puts an image with more than one layer, or for more than one platform, into the registry behind. */
  async put(repository: string, shape: Parameters<World['image']>[0]): Promise<void> {
    await this.#upstream.put(await this.world.image(shape), PREFIX + repository);
  }

  /** How many layers and configurations the registry behind was asked for. */
  get blobs(): number {
    return this.gate.asked.filter(path => path.includes('/blobs/')).length;
  }

  async stop(): Promise<void> {
    await this.world.stop();
    await this.gate.close();
    await this.#upstream.stop();
    await removeDirectory(this.#files);
  }
}

/** One for the tests of the surrounding `describe`. */
export function useProxy(kind: UpstreamKind): () => RegistryProxy {
  let proxy: RegistryProxy | undefined;
  beforeAll(async () => {
    proxy = await RegistryProxy.start(kind);
    return () => proxy?.stop();
  }, 60_000);
  return () => {
    if (proxy === undefined) throw new Error('The proxy has not started.');
    return proxy;
  };
}
