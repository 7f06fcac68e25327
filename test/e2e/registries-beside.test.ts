/** docs/one-machine.md, "Registries beside it": several registries, in containers and without, typed as it is written. */
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from './support/docker-daemon.ts';
import { expectSuccess } from './support/expect.ts';
import { markedBlock } from './support/guide.ts';
import { freePort } from './support/ports.ts';
import { type Result, run, start, until } from './support/processes.ts';
import { Pullpass } from './support/pullpass.ts';
import { asksForToken } from './support/registry.ts';
import { tool } from './support/tools.ts';

const GUIDE = 'one-machine.md';

let home: string;
let pullpass: Pullpass;
let daemon: DockerDaemon;
let token: string;
/** The ports of the guide, and those of this test. */
const ports = new Map<string, string>();

beforeAll(async () => {
  home = await newDirectory('beside');
  for (const port of ['5001', '5002']) ports.set(port, `${await freePort()}`);
  const services = join(home, 'services.json');
  await writeFile(services, translate(await markedBlock(GUIDE, 'services')));
  pullpass = await (await Pullpass.create({ PULLPASS_SERVICES: services })).start();
  ports.set('8080', pullpass.settings.PORT);
  await symlink(pullpass.settings.PULLPASS_DATA, join(home, '.pullpass'));
  await writeFile(join(home, 'README.md'), 'an image of one file');
  await pullpass.manage('PUT', '/v1/namespaces/team-a');
  token = (await pullpass.addToken({ access: 'push' })).token;
  daemon = await startDockerDaemon();
  await makeRegistryImage();
});
afterAll(async () => {
  await types('docker compose -f .pullpass/registry/compose.yml down --volumes --timeout 1');
  await Promise.all([daemon.stop(), pullpass.destroy()]);
  await removeDirectory(home);
});

/** An image as `registry:3` is made: the program, and nothing else. */
async function makeRegistryImage(): Promise<void> {
  const program = tool('registry3');
  const root = join(home, 'image');
  const { output } = await run('ldd', [program], { env: bareEnvironment(home) });
  const libraries = [...output.matchAll(/(\/\S+) \(0x/g)].map(([, path = '']) => path);
  for (const path of ['/bin/registry', ...libraries]) {
    await mkdir(dirname(join(root, path)), { recursive: true });
    await cp(path === '/bin/registry' ? program : path, join(root, path), { dereference: true });
  }
  const entry = 'ENTRYPOINT ["/bin/registry"]';
  expectSuccess(await types(`tar c -C image . | docker import --change '${entry}' - registry:3`));
}

function translate(text: string): string {
  const ported = [...ports].reduce((sum, [theirs, ours]) => sum.replaceAll(theirs, ours), text);
  return ported.replaceAll('docker compose', tool('compose'));
}

function environment(): NodeJS.ProcessEnv {
  return { ...bareEnvironment(home), DOCKER_HOST: daemon.host, OTEL_TRACES_EXPORTER: 'none', TOKEN: token };
}

function types(script: string): Promise<Result> {
  return run('bash', ['-eo', 'pipefail', '-c', translate(script)], { env: environment(), cwd: home });
}

async function waitForRegistries(): Promise<void> {
  for (const port of ['5001', '5002']) {
    const address = `localhost:${ports.get(port)}`;
    await until(`the registry at ${address}`, () => asksForToken(address));
  }
}

describe('the registries beside one machine', () => {
  it('are started in containers by compose, as the first screen says too', async () => {
    const block = await markedBlock(GUIDE, 'compose');
    expect(pullpass.running.output()).toContain('registry/compose.yml up -d');
    expectSuccess(await types(block));
    await waitForRegistries();
  });

  it('take the logins and pushes of a client that needs no daemon', async () => {
    expectSuccess(await types(await markedBlock(GUIDE, 'macos')));
  });

  it('take the first login of the README with docker instead of podman, and without --tls-verify', async () => {
    const readme = await readFile(join(PROJECT, 'README.md'), 'utf8');
    // Up to the registry that asks for no login, which docker reaches in the same way.
    const [, section = ''] = readme.split(/^##+ (?:A first login by hand|From a registry .*)\n/m);
    const script = [...section.matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block).join('');
    const docker = script.replaceAll('podman', 'docker').replaceAll(' --tls-verify=false', '');
    const { code, output } = await types(docker.replaceAll('localhost:5000', 'localhost:5001'));
    expect(output).toContain('Login Succeeded');
    expect(output).toMatch(/unauthorized: [^\n]*\nrefused, as it should be\n$/);
    expect(code).toBe(0);
  });

  it('share the deployment with identities that its development IAM makes', async () => {
    const configuration = await readFile(join(PROJECT, 'docs', 'configuration.md'), 'utf8');
    const [, block = ''] = /^```sh\n(.*?)^```/ms.exec(configuration) ?? [];
    const { code, output } = await types(`ADMIN="iamapikey:$(cat .pullpass/administrator.apikey)"\n${block}`);
    expect(output).toMatch(/^\S{20,}\n$/);
    expect(code).toBe(0);
  });

  it('get a credential each', async () => {
    const { code, output } = await types(await markedBlock(GUIDE, 'several'));
    expect({ code, output }).toEqual({
      code: 0,
      output: expect.stringMatching(
        new RegExp(
          `^localhost:${ports.get('5001')} until \\S+\nlocalhost:${ports.get('5002')} until \\S+\n$`,
        ),
      ),
    });
  });

  it('are started without containers, each with a file of its own', async () => {
    expectSuccess(await types('docker compose -f .pullpass/registry/compose.yml stop --timeout 1'));
    const lines = translate(await markedBlock(GUIDE, 'serve'))
      .trim()
      .split('\n');
    expect(lines).toHaveLength(2);
    const running = lines.map(line => start('bash', ['-c', line], { env: environment(), cwd: home }));
    await waitForRegistries();
    expect(running.map(({ process }) => process.exitCode)).toEqual([null, null]);
    for (const registry of running) await registry.stop();
  });
});
