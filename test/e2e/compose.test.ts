/** The file for docker compose that `npm start` writes: registries of two services in containers. */
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { skopeoClient } from './support/clients/skopeo.ts';
import { newDeployment } from './support/deployment.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from './support/docker-daemon.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { makeImage } from './support/image.ts';
import { freePort } from './support/ports.ts';
import { run, until } from './support/processes.ts';
import { asksForToken } from './support/registry.ts';
import { tool } from './support/tools.ts';

/** An image as `registry:3` is made: the program, and the command `serve` to begin with. */
async function makeRegistryImage(home: string, { host }: DockerDaemon): Promise<void> {
  const program = tool('registry3');
  const root = join(home, 'image');
  const { output } = await run('ldd', [program], { env: bareEnvironment(home) });
  const libraries = [...output.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  for (const [from, to] of [[program, '/bin/registry'], ...libraries.map(path => [path, path])]) {
    await mkdir(dirname(join(root, to ?? '')), { recursive: true });
    await cp(from ?? '', join(root, to ?? ''), { dereference: true });
  }
  const entry = `ENTRYPOINT ["/bin/registry"]`;
  const script = `tar --create --directory "$1" . | "$2" import --change '${entry}' - registry:3`;
  const env = { ...bareEnvironment(home), DOCKER_HOST: host };
  expectSuccess(await run('bash', ['-eo', 'pipefail', '-c', script, 'sh', root, tool('docker')], { env }));
}

it('docker compose starts a registry for each service, which takes the logins of this deployment alone', async () => {
  const home = await newDirectory('compose');
  onTestFinished(() => removeDirectory(home));
  const [one, two] = [`localhost:${await freePort()}`, `localhost:${await freePort()}`];
  const services = join(home, 'services.json');
  await writeFile(services, JSON.stringify([{ name: one }, { name: 'shop', registry: two, profile: 'kid' }]));
  const pullpass = await (await newDeployment({ PULLPASS_SERVICES: services })).start();
  const daemon = await startDockerDaemon();
  onTestFinished(() => daemon.stop());
  await makeRegistryImage(home, daemon);

  const [, file = ''] = /docker compose -f (\S+) up -d/.exec(pullpass.running.output()) ?? [];
  const env = { ...bareEnvironment(home), DOCKER_HOST: daemon.host, COMPOSE_PROJECT_NAME: 'pullpass-e2e' };
  const compose = (...words: string[]) => run(tool('compose'), ['-f', file, ...words], { env });
  expectSuccess(await compose('up', '-d'));
  onTestFinished(async () => {
    await compose('down', '--volumes', '--timeout', '1');
  });

  await pullpass.demand('PUT', '/v1/namespaces/team-a');
  const { id, token } = await pullpass.addToken({ access: 'push' });
  const skopeo = skopeoClient({
    home,
    env: { ...env, REGISTRY_AUTH_FILE: join(home, 'auth.json') },
    dockerDaemon: async () => daemon,
  });
  const image = await makeImage(join(home, 'pushed'));
  for (const address of [one, two]) {
    await until(`the registry at ${address}`, () => asksForToken(address));
    expectSuccess(await skopeo.login(address, 'token', token));
    expectSuccess(await skopeo.push(image, `${address}/team-a/app:v1`));
    expect((await skopeo.inspect(`${address}/team-a/app:v1`)).output.trim()).toBe(image.digest);
  }
  await pullpass.demand('DELETE', `/v1/tokens/${id}`);
  expectRefusal(await skopeo.pull(`${one}/team-a/app:v1`), 'invalid username/password');
});
