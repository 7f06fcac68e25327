/** `pullpass doctor` finds what is wrong between a registry proxy and the registry behind it. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CommandUser } from './support/command-user.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { type Gate, openGate } from './support/gate.ts';
import { freePort } from './support/ports.ts';
import { PASSWORD, startUpstream, type Upstream, USER } from './support/upstream.ts';
import { World } from './support/world.ts';

let world: World;
let cli: InstalledCli;
let user: CommandUser;
let upstream: Upstream;
let gate: Gate;
let files: string;
let host: string;

beforeAll(async () => {
  [upstream, files, cli] = await Promise.all([startUpstream(), newDirectory('services'), installCli()]);
  gate = await openGate(upstream.address);
  const PORT = `${await freePort()}`;
  host = `localhost:${PORT}`;
  await writeFile(join(files, 'wrong'), 'wrong-password');
  const service = (name: string, change: object) => ({
    name,
    upstream: { ...upstream.configuration, url: gate.url, prefix: 'customers/', ...change },
  });
  const wrong = { username: USER, password: `file:${join(files, 'wrong')}` };
  // Both are this machine.
  const services = [service(host, {}), service(`127.0.0.1:${PORT}`, { authentication: wrong })];
  const path = join(files, 'services.json');
  await writeFile(path, JSON.stringify(services));
  const settings = { PULLPASS_SERVICES: path, PORT };
  world = await World.start({ registries: [], settings });
  await upstream.put(await world.image(), 'customers/team-a/app');
  user = await CommandUser.create(cli);
  const { url } = world.pullpass;
  await user.pullpass(['login', '--url', url, '--apikey-stdin'], await world.pullpass.administratorKey());
});
afterAll(async () => {
  await Promise.all([world.stop(), user.leave()]);
  await gate.close();
  await Promise.all([upstream.stop(), removeDirectory(files), cli.remove()]);
});

interface Finding {
  readonly check: string;
  readonly state: string;
  readonly message: string;
  readonly advice?: string;
}

async function upstreamOf(service: string, ...more: string[]): Promise<Finding | undefined> {
  const { stdout } = await user.pullpass(['doctor', service, ...more, '--output', 'json']);
  expect(stdout).not.toContain(PASSWORD);
  const { findings } = JSON.parse(stdout) as { findings: Finding[] };
  return findings.find(({ check }) => check.startsWith('upstream of '));
}

it('a registry that answers and takes the login is ok', async () => {
  expect(await upstreamOf(host)).toMatchObject({
    state: 'ok',
    message: 'The registry behind it answers, and takes the login of the deployment.',
  });
});

it('so is a repository that is there, and one that is not is a problem of the prefix', async () => {
  expect(await upstreamOf(host, '--repository', 'team-a/app')).toMatchObject({
    state: 'ok',
    message: expect.stringContaining('it has team-a/app.'),
  });
  expect(await upstreamOf(host, '--repository', 'team-a/missing')).toMatchObject({
    state: 'problem',
    message: 'The registry behind it has no team-a/missing.',
    advice: expect.stringContaining('upstream.prefix'),
  });
  expect(await upstreamOf(host, '--repository', 'team-b/app')).toMatchObject({
    state: 'problem',
    message: expect.stringContaining('may not pull'),
  });
});

it('one that refuses the login of the deployment is a problem, whose reason is in the log under its request', async () => {
  const found = await upstreamOf(host.replace('localhost', '127.0.0.1'));
  expect(found).toMatchObject({
    state: 'problem',
    message: expect.stringContaining('refuses the login of the deployment'),
  });
  const [, id] = /of the request (\S+)\.$/.exec(found?.advice ?? '') ?? [];
  const lines = world.pullpass.running.output().split('\n');
  expect(lines.find(line => line.includes(`"${id}"`) && line.includes('upstream-refused'))).toBeDefined();
});

it('one that does not answer is a problem', async () => {
  gate.isOpen = false;
  const found = await upstreamOf(host);
  gate.isOpen = true;
  expect(found).toMatchObject({ state: 'problem', message: expect.stringContaining('does not answer') });
});
