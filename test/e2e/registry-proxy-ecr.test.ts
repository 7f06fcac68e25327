/**
 * The registry proxy in front of ECR. No emulator has all of it: moto answers GetAuthorizationToken and AssumeRole, and a registry
 * that takes moto's password stands in for ECR's HTTP API; ministack has an HTTP API of its own, which takes any password.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { bareEnvironment, newDirectory, removeDirectory } from './support/directories.ts';
import { expectSuccess } from './support/expect.ts';
import { type Gate, openGate } from './support/gate.ts';
import { type Image, TAG } from './support/image.ts';
import { Ministack } from './support/ministack/ministack.ts';
import { Moto } from './support/moto.ts';
import { freePort } from './support/ports.ts';
import { run } from './support/processes.ts';
import { tool } from './support/tools.ts';
import { startUpstream } from './support/upstream.ts';
import { World } from './support/world.ts';

/** Of the account whose password the registry takes: moto gives another one for each account. */
const ROLE = 'arn:aws:iam::123456789012:role/pullpass-pull';

interface Emulated {
  /** Where AWS's services answer. */
  readonly endpoint: string;
  /** ECR's HTTP API. */
  readonly url: string;
  put(image: Image, repository: string): Promise<void>;
  stop(): Promise<void>;
}

const EMULATORS: Readonly<Record<string, () => Promise<Emulated>>> = {
  'moto and a registry': async () => {
    const [moto, upstream] = await Promise.all([Moto.start(), startUpstream()]);
    return {
      endpoint: moto.endpoint,
      url: upstream.url,
      put: (image, repository) => upstream.put(image, repository),
      async stop() {
        await Promise.all([moto.stop(), upstream.stop()]);
      },
    };
  },
  ministack: async () => {
    const ministack = await Ministack.start();
    const { endpoint } = ministack;
    return {
      endpoint,
      url: endpoint,
      async put({ layout }, repository) {
        await ministack.aws('ecr', 'create_repository', { repositoryName: repository });
        const target = `docker://${new URL(endpoint).host}/${repository}:${TAG}`;
        const args = ['copy', '--insecure-policy', '--dest-tls-verify=false', `oci:${layout}:${TAG}`, target];
        const { code, output } = await run(tool('skopeo'), args, { env: bareEnvironment('/tmp') });
        if (code !== 0) throw new Error(output);
      },
      stop: () => ministack.stop(),
    };
  },
};

describe.each(Object.keys(EMULATORS))('with %s', name => {
  let world: World;
  let gate: Gate;
  beforeAll(async () => {
    const [emulated, files] = await Promise.all([EMULATORS[name]?.(), newDirectory('services')]);
    if (emulated === undefined) throw new Error('no emulator');
    gate = await openGate(new URL(emulated.endpoint).host);
    const services = join(files, 'services.json');
    const behind = (authentication: unknown) => ({ url: emulated.url, prefix: 'customers/', authentication });
    const PORT = `${await freePort()}`;
    await writeFile(
      services,
      JSON.stringify([
        { name: 'own', registry: `localhost:${PORT}`, upstream: behind('ecr') },
        {
          name: 'assumed',
          registry: `127.0.0.1:${PORT}`,
          upstream: behind({ kind: 'ecr', roleArn: ROLE, externalId: 'partner-7' }),
        },
      ]),
    );
    const settings = {
      PULLPASS_SERVICES: services,
      PORT,
      AWS_REGION: 'eu-central-1',
      AWS_ACCESS_KEY_ID: 'test',
      AWS_SECRET_ACCESS_KEY: 'test',
      AWS_ENDPOINT_URL_ECR: gate.url,
      AWS_ENDPOINT_URL_STS: gate.url,
    };
    world = await World.start({ registries: [], settings });
    await emulated.put(await world.image(), 'customers/team-a/app');
    return async () => {
      await world.stop();
      await gate.close();
      await Promise.all([emulated.stop(), removeDirectory(files)]);
    };
  }, 120_000);

  it.each([
    ['the role of the deployment', 'localhost'],
    ['a role that it assumes', '127.0.0.1'],
  ])('a partner without an AWS account pulls with a registry token, by %s', async (_, host) => {
    const registry = `${host}:${new URL(world.pullpass.url).port}`;
    const { token } = await world.pullpass.addToken({ repositories: ['team-a/app'] });
    const crane = await world.client('crane');
    expectSuccess(await crane.login(registry, 'token', token));
    expectSuccess(await crane.pull(`${registry}/team-a/app:${TAG}`));
    const skopeo = await world.client('skopeo');
    expectSuccess(await skopeo.login(registry, 'token', token));
    expectSuccess(await skopeo.pull(`${registry}/team-a/app:${TAG}`));
    const { output } = await skopeo.tags(`${registry}/team-a/app`);
    expect(JSON.parse(output)).toMatchObject({ Repository: `${registry}/team-a/app`, Tags: [TAG] });
  });

  it('AWS was asked once for each password, for that of the role with credentials of the role', () => {
    const [sts, ...others] = gate.signed.filter(({ service }) => service === 'sts');
    expect([sts?.accessKeyId, others]).toEqual(['test', []]);
    const passwords = gate.signed.filter(({ service }) => service === 'ecr').map(one => one.accessKeyId);
    expect(new Set(passwords)).toEqual(new Set(['test', expect.stringMatching(/^ASIA/)]));
    expect(passwords).toHaveLength(2);
  });
});
