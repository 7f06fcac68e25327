/** crane refuses the realms that realmFault says it refuses, and skopeo follows them all. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realmFault } from '../../lib/domain/realm.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { freePort } from './support/ports.ts';
import { type Registry, startRegistry } from './support/registry.ts';
import { useWorld } from './support/world.ts';

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });
/** Of this machine, and so far apart as two hosts can be on it. */
const HOSTS = ['localhost', '127.0.0.1'] as const;

describe.each(HOSTS)('a realm at %s', realmHost => {
  let registry: Registry;
  let publicUrl: string;
  let token: string;

  beforeAll(async () => {
    const { pullpass } = world();
    publicUrl = pullpass.url.replace('localhost', realmHost);
    token = (await pullpass.addToken({ access: 'push' })).token;
    const configFile = join(pullpass.settings.PULLPASS_DATA, 'registry', 'config.yml');
    const port = await freePort();
    const config = (await readFile(configFile, 'utf8'))
      .replace(`realm: "${pullpass.url}`, `realm: "${publicUrl}`)
      .replace(/addr: .*/, `addr: "127.0.0.1:${port}"`);
    const other = join(dirname(configFile), `${realmHost}.yml`);
    await writeFile(other, config);
    registry = await startRegistry({
      kind: 'distribution 3.1',
      address: `localhost:${port}`,
      configFile: other,
    });
  });
  afterAll(() => registry.stop());

  it.each(HOSTS)('of a registry at %s', async registryHost => {
    const address = registry.address.replace('localhost', registryHost);
    const reference = `${address}/team-a/app:v1`;
    const skopeo = await world().client('skopeo');
    expectSuccess(await skopeo.login(address, 'token', token));
    expectSuccess(await skopeo.push(await world().image(), reference));
    const crane = await world().client('crane');
    expectSuccess(await crane.login(address, 'token', token));
    const fault = realmFault({ publicUrl, registry: address, isTls: false });
    if (fault?.includes('crane')) expectRefusal(await crane.digest(reference), 'invalid realm');
    else expectSuccess(await crane.digest(reference));
    expect(fault?.includes('crane') ?? false).toBe(realmHost === '127.0.0.1');
  });
});
