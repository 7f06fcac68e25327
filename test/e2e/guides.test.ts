/** The guides, typed as they are written, by each of their readers. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { bareEnvironment, newDirectory, PROJECT, removeDirectory } from './support/directories.ts';
import { type DockerDaemon, startDockerDaemon } from './support/docker-daemon.ts';
import { expectSuccess } from './support/expect.ts';
import { type Block, blocksOf, markedBlock } from './support/guide.ts';
import { Moto } from './support/moto.ts';
import { ownIam, platform } from './support/platform.ts';
import { freePort } from './support/ports.ts';
import { type Result, run } from './support/processes.ts';
import { tool } from './support/tools.ts';
import { startUpstream } from './support/upstream.ts';
import { useWorld, World } from './support/world.ts';

let home: string;
let daemon: DockerDaemon;
let cli: InstalledCli;

beforeAll(async () => {
  for (const name of ['curl', 'jq', 'skopeo', 'docker'] as const) tool(name);
  home = await newDirectory('guides');
  cli = await installCli();
  daemon = await startDockerDaemon();
});
afterAll(async () => {
  await daemon.stop();
  await cli.remove();
  await removeDirectory(home);
});

type Shell = readonly [string, ...string[]];
/** GitHub runs scripts with these options, and so do people who want to know what failed. */
const STRICT: Shell = ['bash', '-eo', 'pipefail'];
/** As Jenkins does: it does not know when the first command of a pipe fails. */
const PLAIN: Shell = ['sh', '-e'];

/** Someone at a terminal of their own, with what the guide says stands for theirs. */
class Reader {
  readonly #directory: string;
  readonly variables: Record<string, string>;

  constructor(name: string, { pullpass, registries }: World, variables: Record<string, string> = {}) {
    this.#directory = join(home, name);
    const [registry] = registries;
    // A registry proxy is at the URL of the deployment.
    const address = registry?.address ?? new URL(pullpass.url).host;
    this.variables = { PULLPASS: pullpass.url, REGISTRY: address, VERIFY: 'false', ...variables };
  }

  async types(script: string, shell: Shell = STRICT): Promise<Result> {
    await mkdir(this.#directory, { recursive: true, mode: 0o700 });
    const bare = bareEnvironment(this.#directory);
    const path = `${cli.bin}:${bare.PATH}`;
    const env = { ...bare, PATH: path, DOCKER_HOST: daemon.host, ...this.variables };
    return run(shell[0], [...shell.slice(1), '-c', script], { env, cwd: this.#directory });
  }

  async forget(): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

async function typeAll(blocks: readonly Block[], readers: Readonly<Record<string, Reader>>): Promise<void> {
  for (const { by, script } of blocks) {
    const [name = '', manner] = by.split(', ');
    const reader = readers[name];
    if (reader === undefined) throw new Error(`No reader types this block, by "${by}":\n${script}`);
    const result = await reader.types(script);
    const what = `${by}:\n${script}\n${result.output}`;
    expect(result.code === 0, what).toBe(manner !== 'refused');
    if (manner === 'refused') expect(result.output, what).toMatch(/denied|unauthorized: |unsupported: /);
    learn(readers, result.output);
  }
}

/** Every block that asks the broker by curl, while the broker refuses: the reason is shown, and nothing follows. */
async function typeRefused(
  blocks: readonly Block[],
  readers: Readonly<Record<string, Reader>>,
): Promise<void> {
  const asking = blocks.filter(({ script }) => script.includes('curl'));
  expect(asking.length).toBeGreaterThan(1);
  for (const { by, script } of asking) {
    const [name = ''] = by.split(', ');
    for (const shell of [STRICT, PLAIN]) {
      const result = await readers[name]?.types(`${script}echo went on`, shell);
      const what = `${shell[0]}, ${by}:\n${script}\n${result?.output}`;
      expect(result?.code, what).toBeGreaterThan(0);
      expect(result?.output, what).toContain('not-found');
      expect(result?.output, what).not.toContain('went on');
    }
  }
}

/** What one has to hand to the other: the identifier and the value that the administrator reads. */
function learn(readers: Readonly<Record<string, Reader>>, output: string): void {
  const [, id] = /^Token identifier +(\S+)$/m.exec(output) ?? [];
  const [, token] = /^Token +(plp_\S+)$/m.exec(output) ?? [];
  for (const { variables } of Object.values(readers)) {
    if (id !== undefined) variables.ID = id;
    if (token !== undefined) variables.TOKEN = token;
  }
}

describe('the guide for partners', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });

  it('a partner pulls one repository with curl and docker, nothing else, until the token ends', async () => {
    await world().pushed('team-a/app');
    await world().pushed('team-a/other');
    const APIKEY = await world().pullpass.administratorKey();
    const readers = {
      administrator: new Reader('administrator', world(), { APIKEY }),
      partner: new Reader('partner', world()),
    };
    const blocks = (await blocksOf('partner-hand-over.md')).filter(({ by }) => by !== 'operator');
    await typeAll(blocks, readers);
    for (const { variables } of Object.values(readers)) variables.PULLPASS += '/nowhere';
    await typeRefused(blocks, readers);
  });

  it('a partner with the command line sees the end coming, rotates, and proves the old value silent', async () => {
    const operator = new Reader('operator', world(), { SILENCE: '1s' });
    const body = { expiresInSeconds: 172_800, selfRotate: true };
    const { token } = await world().pullpass.manage('POST', '/v1/tokens', body);
    await operator.types(`printf %s ${token} > token.new`);
    const blocks = (await blocksOf('partner-hand-over.md')).filter(({ by }) => by === 'operator');
    expect(blocks).toHaveLength(1);
    await typeAll(blocks, { operator });
  });
});

describe('the guide for partners of an ECR', () => {
  it('a partner pulls one repository with docker and nothing else, until the token ends', async () => {
    const guide = 'partners-pull-from-ecr.md';
    const [moto, upstream, files] = await Promise.all([
      Moto.start(),
      startUpstream(),
      newDirectory('services'),
    ]);
    const services = join(files, 'services.json');
    const entries = JSON.parse(await markedBlock(guide, 'services'));
    const PORT = `${await freePort()}`;
    entries[0].name = `localhost:${PORT}`;
    entries[0].upstream.url = upstream.url;
    await writeFile(services, JSON.stringify(entries));
    const settings = {
      PULLPASS_SERVICES: services,
      PORT,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_ECR: moto.endpoint,
    };
    const world = await World.start({ registries: [], settings });
    try {
      for (const name of ['app', 'other']) await upstream.put(await world.image(), `team-a/${name}`);
      const APIKEY = await world.pullpass.administratorKey();
      const readers = {
        administrator: new Reader('ecr-administrator', world, { APIKEY }),
        partner: new Reader('ecr-partner', world),
      };
      await typeAll(await blocksOf(guide), readers);
    } finally {
      await world.stop();
      await Promise.all([moto.stop(), upstream.stop(), removeDirectory(files)]);
    }
  });
});

describe('the guide for scripts that declare tokens', () => {
  const world = useWorld({ registries: [] });

  it('a script ensures its token, again and again, and changes it when asked to', async () => {
    const APIKEY = await world().pullpass.administratorKey();
    const script = new Reader('script', world(), { APIKEY, RUN: 'run-1' });
    await typeAll(await blocksOf('declared-tokens.md'), { script });
    expect((await script.types('cat token')).output).toMatch(/^plp_\w{87}\n$/);
    const [first] = await blocksOf('declared-tokens.md');
    const again = await script.types(`${first?.script}ls token.new`, PLAIN);
    expect(again.output).toContain('No such file');
  });
});

describe('the guide from ibmcloud cr', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 2.8' }] });

  it('every command of the table runs', async () => {
    const guide = await readFile(join(PROJECT, 'docs', 'from-ibmcloud-cr.md'), 'utf8');
    const rows = [...guide.matchAll(/^\| .*? \| (.*) \|$/gm)].map(([, cell = '']) => cell);
    const commands = rows.flatMap(cell =>
      [...cell.matchAll(/`(pullpass [^`]+)`/g)].map(([, text = '']) => text),
    );
    expect(commands.length).toBeGreaterThan(12);
    const KEY = await world().pullpass.administratorKey();
    const user = new Reader('mover', world(), { URL: world().pullpass.url, KEY, NAME: 'team-new' });
    for (const command of commands) {
      const result = await user.types(
        command.replaceAll(/\b(?:URL|KEY|NAME|ID)\b(?!})/g, '"$$$&"').replace('IAM-ID', 'alice'),
      );
      expectSuccess(result);
      learn({ user }, result.output);
    }
  });
});

/** Each as its platform writes it, shortened to what matters here. */
const JOBS = {
  github: {
    repository_id: '74',
    repository_owner_id: '65',
    ref: 'refs/heads/main',
    sub: 'repo:acme/app:ref:refs/heads/main',
  },
  gitlab: { project_id: '22', ref_protected: 'true', sub: 'project_path:acme/app:ref_type:branch:ref:main' },
  kubernetes: {
    sub: 'system:serviceaccount:shop:builder',
    'kubernetes.io': {
      namespace: 'shop',
      serviceaccount: { name: 'builder', uid: '7c1f8a52-9d0e-4d6c-9f63-0f6f1d3a2b11' },
    },
  },
} as const;
const APIKEY = 'an-api-key-of-the-iam';
const REQUEST_TOKEN = 'what-the-runner-gives-a-job';

const iam = ownIam(Object.fromEntries(Object.keys(JOBS).map(key => [key, issuerOf(key)])), APIKEY);

function issuerOf(key: string): string {
  return `https://${key}.example`;
}

describe('the guide for build farms', () => {
  const world = useWorld({
    // The requests name the registry, so that they are right with several.
    registries: [{ kind: 'distribution 3.1' }, { kind: 'distribution 2.8' }],
    iam,
  });
  afterAll(() => platform.stop());

  it('a build logs in with the token of each platform', async () => {
    const { pullpass } = world();
    await world().pushed('team-a/app');
    const AUDIENCE = (await pullpass.manage('GET', '/v1/identity')).workloadAudience;
    const { token: TOKEN } = await pullpass.addToken({ access: 'push' });
    const issue = (key: keyof typeof JOBS) => (audience: string) =>
      platform.token(issuerOf(key), audience, JOBS[key]);
    const administrator = new Reader('farm-administrator', world(), { APIKEY });
    expectSuccess(await administrator.types('pullpass login --url "$PULLPASS" --apikey "$APIKEY"'));
    const github = {
      AUDIENCE,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: REQUEST_TOKEN,
      ACTIONS_ID_TOKEN_REQUEST_URL: platform.offerJobTokens(REQUEST_TOKEN, issue('github')),
    };
    const gitlab = { REGISTRY_JWT: await issue('gitlab')(AUDIENCE) };
    const yaml = new Reader('runner', world(), { ...github, ...gitlab });
    const readers = {
      administrator,
      yaml,
      groovy: new Reader('jenkins', world(), { TOKEN }),
      farm: new Reader('farm', world(), { TOKEN }),
      cluster: new Reader('cluster', world(), { TOKEN }),
    };
    await typeAll(await blocksOf('build-farm.md'), readers);
    for (const { variables } of Object.values(readers)) variables.PULLPASS += '/nowhere';
    await typeRefused(await blocksOf('build-farm.md'), readers);
    for (const reader of Object.values(readers)) await reader.forget();
  });
});
