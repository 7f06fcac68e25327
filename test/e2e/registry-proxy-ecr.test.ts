/**
 * The registry proxy in front of ECR: moto answers GetAuthorizationToken, and a registry that takes its password stands in for
 * ECR's HTTP API, which no emulator here has.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { expectSuccess } from './support/expect.ts';
import { TAG } from './support/image.ts';
import { Moto } from './support/moto.ts';
import { startUpstream } from './support/upstream.ts';
import { World } from './support/world.ts';

let world: World;
beforeAll(async () => {
  const [moto, upstream, files] = await Promise.all([
    Moto.start(),
    startUpstream(),
    newDirectory('services'),
  ]);
  const services = join(files, 'services.json');
  await writeFile(
    services,
    JSON.stringify([{ name: 'ecr', upstream: { url: upstream.url, authentication: 'ecr' } }]),
  );
  const aws = {
    AWS_REGION: 'eu-central-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_ENDPOINT_URL_ECR: moto.endpoint,
  };
  world = await World.start({ registries: [], settings: { PULLPASS_SERVICES: services, ...aws } });
  await upstream.put(await world.image(), 'team-a/app');
  return async () => {
    await world.stop();
    await Promise.all([moto.stop(), upstream.stop(), removeDirectory(files)]);
  };
}, 60_000);

it('a partner without an AWS account pulls with a registry token', async () => {
  const registry = new URL(world.pullpass.url).host;
  const { token } = await world.pullpass.addToken({ repositories: ['team-a/app'] });
  const crane = await world.client('crane');
  expectSuccess(await crane.login(registry, 'token', token));
  expectSuccess(await crane.pull(`${registry}/team-a/app:${TAG}`));
  const skopeo = await world.client('skopeo');
  expectSuccess(await skopeo.login(registry, 'token', token));
  const { output } = await skopeo.tags(`${registry}/team-a/app`);
  expect(JSON.parse(output)).toMatchObject({ Repository: `${registry}/team-a/app`, Tags: [TAG] });
});
