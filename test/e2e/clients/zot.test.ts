/** zot with the files that are made for it: its clients, and the rotation of its one key as docs/keys.md describes it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledCli, installCli } from '../support/cli-package.ts';
import { CommandUser } from '../support/command-user.ts';
import { bareEnvironment, newDirectory, removeDirectory } from '../support/directories.ts';
import { expectRefusal, expectSuccess } from '../support/expect.ts';
import { freePort } from '../support/ports.ts';
import { start } from '../support/processes.ts';
import { Pullpass } from '../support/pullpass.ts';
import { type Registry, startRegistry } from '../support/registry.ts';
import { tool } from '../support/tools.ts';
import { useWorld } from '../support/world.ts';

/** A running process reads its rings again within a minute. */
const FOLLOWED_MS = 75_000;

describe.each(['ES256', 'RS256'] as const)('with the files of npm start, %s', algorithm => {
  const world = useWorld({ registries: [{ kind: 'zot', service: { profile: 'kid', algorithm } }] });

  it.each(['skopeo', 'crane', 'podman'] as const)('%s pushes, pulls and lists', async name => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const client = await world().loggedIn(name, token);
    const reference = `${registry.address}/team-a/${name}:v1`;
    expectSuccess(await client.push(await world().image(), reference));
    expectSuccess(await client.pull(reference));
  });

  it('a token that may only pull does not push, and reaches nothing of other namespaces', async () => {
    const { reference } = await world().pushed('team-a/here');
    const { token } = await world().pullpass.addToken();
    const skopeo = await world().loggedIn('skopeo', token);
    expectSuccess(await skopeo.pull(reference));
    expectRefusal(await skopeo.push(await world().image(), reference), 'unauthorized');
    expectRefusal(await skopeo.pull(reference.replace('team-a', 'team-b')), 'unauthorized');
  });

  it('takes the access token for a hundred repositories', async () => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const names = Array.from({ length: 100 }, (_, i) => `team-a/${i}-`.padEnd(90, 'x'));
    const scope = names.map(name => `repository:${name}:pull,push`).join(' ');
    const login = await pullpass.logIn('token', token, { service: registry.address, scope });
    expect((await world().request(registry, `/v2/${names[99]}/tags/list`, login)).status).toBe(404);
  });

  it('would end at the whole key set, which has the next key too', async () => {
    const files = join(world().pullpass.settings.PULLPASS_DATA, 'registry');
    const config = JSON.parse(await readFile(join(files, 'zot.json'), 'utf8'));
    config.storage.rootDirectory = join(files, 'other-data');
    config.http.auth.bearer.cert = join(files, 'jwks.json');
    const twoKeys = join(files, 'two-keys.json');
    await writeFile(twoKeys, JSON.stringify(config));
    const running = start(tool('zot'), ['serve', twoKeys], { env: bareEnvironment(files) });
    await running.exited;
    expect(running.output()).toContain('expected 1 key in JWKS, found 2');
  });
});

describe('the rotation', () => {
  let pullpass: Pullpass;
  let commandLine: InstalledCli;
  let user: CommandUser;
  let home: string;
  let zot: Registry | undefined;
  let address: string;

  beforeAll(async () => {
    commandLine = await installCli();
    home = await newDirectory('zot');
    address = `localhost:${await freePort()}`;
    const services = join(home, 'services.json');
    await writeFile(services, JSON.stringify([{ name: address, profile: 'kid' }]));
    pullpass = await Pullpass.create({ PULLPASS_SERVICES: services });
    await pullpass.start();
    user = await CommandUser.create(commandLine);
    await user.pullpass(
      ['login', '--url', pullpass.url, '--apikey-stdin'],
      await pullpass.administratorKey(),
    );
  });
  afterAll(async () => {
    await zot?.stop();
    await Promise.all([pullpass.destroy(), user.leave(), commandLine.remove(), removeDirectory(home)]);
  });

  /** What the operator does: writes the files, and starts zot with them. */
  async function configure(...options: string[]): Promise<void> {
    const { code, stderr } = await user.pullpass([
      ...['registry-config', '--for', 'zot', '--directory', home],
      ...options,
    ]);
    expect(code, stderr).toBe(0);
  }
  async function restart(): Promise<void> {
    await zot?.stop();
    const { http } = JSON.parse(await readFile(join(home, 'http.json'), 'utf8'));
    const [, port] = address.split(':');
    const configFile = join(home, 'config.json');
    const storage = { rootDirectory: join(home, 'data') };
    await writeFile(configFile, JSON.stringify({ storage, http: { address: '127.0.0.1', port, ...http } }));
    zot = await startRegistry({ kind: 'zot', address, configFile });
  }
  async function trust(): Promise<string> {
    const { stdout } = await user.pullpass(['doctor', '--output', 'json']);
    const { findings } = JSON.parse(stdout) as { findings: { check: string; state: string }[] };
    return findings.find(({ check }) => check.startsWith('trust'))?.state ?? 'none';
  }

  it('is seen by doctor, and over when zot has started with the next key', async () => {
    await configure();
    await restart();
    expect(await trust()).toBe('ok');
    await configure('--next');
    const next = await readFile(join(home, 'signing-key.pem'), 'utf8');
    await pullpass.rotateKey(address);
    const end = Date.now() + FOLLOWED_MS;
    while ((await trust()) === 'ok' && Date.now() < end) await sleep(2_000);
    expect(await trust()).toBe('problem');
    await restart();
    expect(await trust()).toBe('ok');
    await configure();
    expect(await readFile(join(home, 'signing-key.pem'), 'utf8')).toBe(next);
  });
});
