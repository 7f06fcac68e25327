/** The credential helper in real clients: they push and pull without a login. */
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CLIENTS } from './support/clients/client.ts';
import { CommandUser } from './support/command-user.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { PUSH_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const PATIENCE_MS = 5_000;

let commandLine: InstalledCli;
beforeAll(async () => {
  commandLine = await installCli();
});
afterAll(() => commandLine.remove());

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });

async function newUser(): Promise<CommandUser> {
  const user = await CommandUser.create(commandLine, [world().registry.address]);
  onTestFinished(() => user.leave());
  return user;
}

/** Logged in as the administrator. */
async function loggedIn(): Promise<CommandUser> {
  const user = await newUser();
  const { pullpass } = world();
  const said = await user.pullpass(
    ['login', '--url', pullpass.url, '--apikey-stdin'],
    await pullpass.administratorKey(),
  );
  expect(said, said.stderr).toMatchObject({ code: 0 });
  return user;
}

describe.each(CLIENTS)('%s', name => {
  it('pushes and pulls with the login of the target', async () => {
    const user = await loggedIn();
    const client = await user.client(world(), name);
    const reference = `${world().registry.address}/team-a/helped-${name}:v1`;

    expectSuccess(await client.push(await world().image(), reference));
    expectSuccess(await client.pull(reference));
  });

  it('pulls and does not push with a pull-only token that it was logged in with, until it is logged out', async () => {
    const { registry, pullpass } = world();
    const { reference } = await world().pushed(`team-a/kept-${name}`);
    const user = await newUser();
    await user.pullpass(['target-add', 'here', pullpass.url]);
    const client = await user.client(world(), name);
    const { token } = await pullpass.addToken();

    expectSuccess(await client.login(registry.address, 'token', token));
    expect(await user.secrets()).toEqual([token]);
    expectSuccess(await client.pull(reference));
    expectRefusal(await client.push(await world().image(), `${reference}-2`), PUSH_REFUSED[name]);
    expectSuccess(await client.logout(registry.address));
    expect(await user.secrets()).toEqual([]);
    expect(await client.pull(reference)).not.toMatchObject({ code: 0 });
  });
});

describe.each(['docker', 'skopeo', 'podman', 'buildah'] as const)('after registry-login, %s', name => {
  it('may do what registry-login has printed, with the helper too', async () => {
    const user = await loggedIn();
    const { address } = world().registry;
    const client = await user.client(world(), name);
    const { reference } = await world().pushed(`team-a/ordered-${name}`);
    const logIn = (...args: string[]) => user.pullpass(['registry-login', '--client', name, ...args]);

    expect(await logIn('--readonly', '--repository', `team-a/ordered-${name}`)).toMatchObject({
      code: 0,
      stdout: `Logged ${name} in to ${address} to pull in team-a/ordered-${name}: its credential helper gives it credentials for 1h each.\n`,
    });
    expectSuccess(await client.pull(reference));
    expectRefusal(await client.push(await world().image(), `${reference}-2`), PUSH_REFUSED[name]);

    expect(await logIn('--iamrefresh')).toMatchObject({ code: 1, stdout: '' });
    expectRefusal(await client.push(await world().image(), `${reference}-2`), PUSH_REFUSED[name]);

    expect(await logIn()).toMatchObject({ code: 0 });
    expectSuccess(await client.push(await world().image(), `${reference}-2`));
  });
});

// docker goes on without a credential, but its user has read why.
describe('with the broker down', () => {
  it.each(CLIENTS)('%s prints it and ends within five seconds', async name => {
    const user = await loggedIn();
    const client = await user.client(world(), name);
    const { reference } = await world().pushed(`team-a/down-${name}`);
    const { pullpass } = world();
    await pullpass.stop();
    onTestFinished(async () => void (await pullpass.start()));

    const start = performance.now();
    expectRefusal(
      await client.pull(reference),
      `${pullpass.url} cannot be reached: the connection was refused.`,
    );
    expect(performance.now() - start).toBeLessThan(PATIENCE_MS);
  });
});
