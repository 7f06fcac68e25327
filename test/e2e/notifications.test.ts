/** Real registries that verify access tokens themselves report what was pulled, with the section that the command writes for them. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CommandUser } from './support/command-user.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { expectSuccess } from './support/expect.ts';
import { freePort } from './support/ports.ts';
import { REGISTRIES, type Registry, startRegistry } from './support/registry.ts';
import { World } from './support/world.ts';

let cli: InstalledCli;
beforeAll(async () => {
  cli = await installCli();
});
afterAll(() => cli.remove());

describe.each(REGISTRIES)('%s', kind => {
  let world: World;
  let user: CommandUser;
  let registry: Registry;
  let home: string;

  beforeAll(async () => {
    home = await newDirectory('notifications');
    const address = `localhost:${await freePort()}`;
    const secret = join(home, 'secret');
    const services = join(home, 'services.json');
    await writeFile(secret, 'a-secret-of-notifications\n');
    await writeFile(
      services,
      JSON.stringify([{ name: address, notifications: { secret: `file:${secret}` } }]),
    );
    world = await World.start({ registries: [], settings: { PULLPASS_SERVICES: services } });
    user = await CommandUser.create(cli);
    const { url } = world.pullpass;
    await user.pullpass(['login', '--url', url, '--apikey-stdin'], await world.pullpass.administratorKey());
    const files = ['--notifications', secret, '--directory', home];
    const variant = kind === 'distribution 2.8' ? ['--for', 'distribution-2'] : [];
    const { code, stderr } = await user.pullpass(['registry-config', ...variant, ...files]);
    expect(code, stderr).toBe(0);
    const configFile = join(home, 'config.yml');
    const own = {
      version: '0.1',
      storage: { filesystem: { rootdirectory: join(home, 'data') } },
      http: { addr: address.replace('localhost', '127.0.0.1') },
    };
    const sections = await Promise.all(
      ['auth.yml', 'notifications.yml'].map(name => readFile(join(home, name), 'utf8')),
    );
    const lines = Object.entries(own).map(([name, value]) => `${name}: ${JSON.stringify(value)}\n`);
    await writeFile(configFile, [...lines, ...sections].join(''));
    registry = await startRegistry({ kind, address, configFile });
  });
  afterAll(async () => {
    await registry.stop();
    await Promise.all([world.stop(), user.leave(), removeDirectory(home)]);
  });

  it('reports each pull by a registry token once, and no HEAD', async () => {
    const { pullpass } = world;
    const pusher = await pullpass.addToken({ access: 'push' });
    const skopeo = await world.client('skopeo');
    expectSuccess(await skopeo.login(registry.address, 'token', pusher.token));
    const reference = `${registry.address}/team-a/app:v1`;
    expectSuccess(await skopeo.push(await world.image(), reference));

    const puller = await pullpass.addToken();
    const crane = await world.client('crane');
    const docker = await world.client('docker');
    expectSuccess(await crane.login(registry.address, 'token', puller.token));
    expectSuccess(await docker.login(registry.address, 'token', puller.token));
    expectSuccess(await crane.digest(reference));
    expectSuccess(await crane.pull(reference));
    expectSuccess(await crane.pull(reference));
    expectSuccess(await docker.pull(reference));
    const usage = async () => (await pullpass.manage('GET', `/v1/usage?token=${puller.id}`)).usage;
    const end = Date.now() + 15_000;
    while ((await usage())[0]?.pulls !== 3 && Date.now() < end) await sleep(100);
    // What would be counted too often comes a moment later.
    await sleep(500);
    expect(await usage()).toEqual([expect.objectContaining({ repository: 'team-a/app', pulls: 3 })]);
    expect(pullpass.running.output()).toContain('"client":"crane/');
  });
});
