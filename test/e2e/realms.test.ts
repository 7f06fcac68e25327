/** crane and oras refuse the realms that realmFault says they refuse, and skopeo follows them all. */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { realmFault } from '../../lib/domain/registry-auth.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { freePort } from './support/ports.ts';
import { run } from './support/processes.ts';
import { type Registry, startRegistry } from './support/registry.ts';
import { tool } from './support/tools.ts';
import { useWorld } from './support/world.ts';

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });
/** Of this machine, and so far apart as two hosts can be on it. */
const HOSTS = ['localhost', '127.0.0.1'] as const;
const EXPECTED: Readonly<Record<string, RegExp>> = {
  'localhost 127.0.0.1': /\(oras\)/,
  '127.0.0.1 localhost': /\(crane, oras, helm\)/,
  '127.0.0.1 127.0.0.1': /\(crane\)/,
};

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
    const place = await world().place('oras');
    const options = ['--plain-http', '--username', 'token', '--password', token];
    const fetched = await run(tool('oras'), ['manifest', 'fetch', ...options, reference], place);
    const fault = realmFault({ publicUrl, registry: address, isTls: false }) ?? '';
    for (const [name, result] of [
      ['crane', await crane.digest(reference)],
      ['oras', fetched],
    ] as const) {
      if (fault.includes(name)) expectRefusal(result, 'realm');
      else expectSuccess(result);
    }
    expect(fault).toMatch(EXPECTED[`${realmHost} ${registryHost}`] ?? /^$/);
  });
});
