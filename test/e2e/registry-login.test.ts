/** `pullpass registry-login` logs the local client in, with the rights of its user and no more. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CommandUser } from './support/command-user.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { PUSH_REFUSED } from './support/texts.ts';
import { useWorld, type World } from './support/world.ts';

const CLIENTS = ['docker', 'skopeo', 'podman', 'buildah'] as const;

let commandLine: InstalledCli;
beforeAll(async () => {
  commandLine = await installCli();
});
afterAll(() => commandLine.remove());

async function newUser(): Promise<CommandUser> {
  const user = await CommandUser.create(commandLine);
  onTestFinished(() => user.leave());
  return user;
}

async function administrator({ pullpass }: World): Promise<CommandUser> {
  const user = await newUser();
  const key = await pullpass.administratorKey();
  expect(await user.pullpass(['login', '--url', pullpass.url, '--apikey-stdin'], key)).toMatchObject({
    code: 0,
  });
  return user;
}

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it.each(CLIENTS)('%s pushes and pulls after registry-login', async name => {
    const user = await administrator(world());
    const { address } = world().registry;

    const said = await user.pullpass(['registry-login', '--client', name]);
    expect(said, said.stderr).toMatchObject({ code: 0 });
    expect(said.stdout).toMatch(
      new RegExp(
        `^Logged ${name} in to ${address} to push and pull, until \\d{4}-\\d\\d-\\d\\dT[\\d:]{8}Z\\.\\n$`,
      ),
    );
    const client = await user.client(world(), name);
    expectSuccess(await client.push(await world().image(), `${address}/team-a/logged-in-${name}:v1`));
    expectSuccess(await client.pull(`${address}/team-a/logged-in-${name}:v1`));
  });
});

describe('the credential', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });

  it('from a pull-only token may pull, and --readwrite is refused', async () => {
    const user = await newUser();
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken();
    await user.pullpass(['login', '--url', pullpass.url, '--token-stdin'], token);

    const said = await user.pullpass(['registry-login', '--client', 'skopeo', '--output', 'json']);
    expect(JSON.parse(said.stdout)).toEqual({
      client: 'skopeo',
      registry: registry.address,
      service: registry.address,
      userName: 'token',
      access: 'pull',
      repositories: null,
      expiresAt: expect.any(String),
    });
    const skopeo = await user.client(world(), 'skopeo');
    expectRefusal(
      await skopeo.push(await world().image(), `${registry.address}/team-a/pull-only:v1`),
      PUSH_REFUSED.skopeo,
    );
    const refused = await user.pullpass(['registry-login', '--client', 'skopeo', '--readwrite']);
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(
      'Your login may pull from every repository of its account, and push to none.',
    );
  });

  it('is as narrow and short-lived as requested', async () => {
    const user = await administrator(world());
    const { registry } = world();
    const args = [
      'registry-login',
      '--client',
      'skopeo',
      '--readonly',
      '--expires-in',
      '10m',
      '--output',
      'json',
    ];

    const said = await user.pullpass([...args, '--repository', 'team-a/one']);
    const { access, repositories, expiresAt } = JSON.parse(said.stdout);
    expect({ access, repositories }).toEqual({ access: 'pull', repositories: ['team-a/one'] });
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 600_000)).toBeLessThan(60_000);
    const skopeo = await user.client(world(), 'skopeo');
    const { reference } = await world().pushed('team-a/one');
    expectSuccess(await skopeo.pull(reference));
    expectRefusal(
      await skopeo.push(await world().image(), `${registry.address}/team-a/one:v2`),
      PUSH_REFUSED.skopeo,
    );
  });

  it('is the IAM refresh token with --iamrefresh', async () => {
    const user = await administrator(world());
    const { registry } = world();

    const said = await user.pullpass(['registry-login', '--client', 'skopeo', '--iamrefresh']);
    expect(said).toMatchObject({
      code: 0,
      stdout: `Logged skopeo in to ${registry.address} with the IAM refresh token, for as long as that is good.\n`,
    });
    const skopeo = await user.client(world(), 'skopeo');
    expectSuccess(await skopeo.push(await world().image(), `${registry.address}/team-a/refreshed:v1`));
  });

  it('is stored in the first installed client', async () => {
    const user = await administrator(world());
    const said = await user.pullpass(['registry-login', '--output', 'json']);
    expect(JSON.parse(said.stdout)).toMatchObject({ client: 'docker' });
  });
});

describe('of several registries', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 2.8' }, { kind: 'distribution 3.1' }] });

  it('the named one is logged in to, and none without a name', async () => {
    const user = await administrator(world());
    const names = world().registries.map(({ address }) => address);

    const said = await user.pullpass(['registry-login', '--client', 'skopeo']);
    expect(said).toMatchObject({ code: 2, stdout: '' });
    expect(said.stderr).toContain(`name one of: ${names.join(', ')}`);
    for (const name of names) {
      const { stdout } = await user.pullpass(['registry-login', name, '--client', 'skopeo']);
      expect(stdout).toContain(`Logged skopeo in to ${name} `);
    }
  });
});
