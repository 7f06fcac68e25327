/** `credential --file` into the files of real clients: the logins that are there stay, and the new one works. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import type { ClientName } from './support/clients/client.ts';
import { CommandUser } from './support/command-user.ts';
import { expectSuccess } from './support/expect.ts';
import { useWorld } from './support/world.ts';

let commandLine: InstalledCli;
beforeAll(async () => {
  commandLine = await installCli();
});
afterAll(() => commandLine.remove());

const world = useWorld({ registries: [{ kind: 'distribution 2.8' }, { kind: 'distribution 3.1' }] });

it.each<[ClientName, string]>([
  ['docker', 'docker-config'],
  ['skopeo', 'containers-auth'],
  ['podman', 'containers-auth'],
])('%s keeps its login to one registry, and pulls from another with the credential', async (name, format) => {
  const { pullpass, registries } = world();
  const [first, second] = registries.map(({ address }) => address);
  const user = await CommandUser.create(commandLine);
  onTestFinished(() => user.leave());
  const key = await pullpass.administratorKey();
  await user.pullpass(['login', '--url', pullpass.url, '--apikey-stdin'], key);
  const client = await user.client(world(), name);
  const { token } = await pullpass.addToken({ access: 'push' });
  expectSuccess(await client.login(first ?? '', 'token', token));

  const { DOCKER_CONFIG = '', REGISTRY_AUTH_FILE = '' } = user.variables;
  const file = name === 'docker' ? join(DOCKER_CONFIG, 'config.json') : REGISTRY_AUTH_FILE;
  const args = ['--readwrite', '--service', second ?? '', '--format', format, '--file', file];
  expect(await user.pullpass(['credential', ...args])).toMatchObject({ code: 0 });
  for (const address of [first, second]) {
    const reference = `${address}/team-a/in-a-file-${name}:v1`;
    expectSuccess(await client.push(await world().image(), reference));
    expectSuccess(await client.pull(reference));
  }
});
