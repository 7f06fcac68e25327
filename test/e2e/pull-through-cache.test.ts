/** distribution 3.1 as a pull-through cache logs in only where realm and registry are of one domain, as realmFault says. */
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { realmFault } from '../../lib/domain/registry-auth.ts';
import { PROGRAMS } from './support/clients/programs.ts';
import { bareEnvironment, newDirectory, removeDirectory } from './support/directories.ts';
import { expectSuccess } from './support/expect.ts';
import { freePort } from './support/ports.ts';
import { type Running, start, until } from './support/processes.ts';
import { tool } from './support/tools.ts';
import { useWorld } from './support/world.ts';

const PUBLIC_URL = 'http://auth.pullpass.example';
const world = useWorld({
  registries: [{ kind: 'distribution 3.1' }],
  settings: { PULLPASS_URL: PUBLIC_URL },
});

/** In place of DNS: a proxy that takes `/v2/` of every host to the registry, and all else to the deployment. */
const proxy = createServer((incoming, response) => forward(incoming, response));
let names: NodeJS.ProcessEnv;
let home: string;
let token: string;
const running: Running[] = [];

beforeAll(async () => {
  home = await newDirectory('cache');
  await once(proxy.listen(0, '127.0.0.1'), 'listening');
  names = { HTTP_PROXY: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}` };
  const { pullpass, registry } = world();
  token = (await pullpass.addToken({ access: 'push' })).token;
  const place = await world().place('skopeo');
  const skopeo = await PROGRAMS.skopeo({ ...place, env: { ...place.env, ...names } });
  expectSuccess(await skopeo.login(registry.address, 'token', token));
  expectSuccess(await skopeo.push(await world().image(), `${registry.address}/team-a/app:v1`));
});
afterAll(async () => {
  await Promise.all(running.map(cache => cache.stop()));
  proxy.close();
  await removeDirectory(home);
});

function forward(incoming: IncomingMessage, response: ServerResponse): void {
  const { pathname, search } = new URL(incoming.url ?? '', 'http://none');
  const { registry, pullpass } = world();
  const origin = pathname.startsWith('/v2/') ? `http://${registry.address}` : pullpass.url;
  const { method, headers } = incoming;
  const onward = request(`${origin}${pathname}${search}`, { method, headers }, answer => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on('error', () => response.writeHead(502).end());
  incoming.pipe(onward);
}

/** Starts a cache of a registry; answers its own address. */
async function startCache(remote: string): Promise<string> {
  const address = `127.0.0.1:${await freePort()}`;
  const configFile = join(home, `${address}.yml`);
  const config = {
    version: 0.1,
    storage: { filesystem: { rootdirectory: join(home, address) } },
    http: { addr: address },
    proxy: { remoteurl: remote, username: 'token', password: token },
  };
  // JSON is YAML.
  await writeFile(configFile, JSON.stringify(config));
  const env = { ...bareEnvironment(home), ...names, OTEL_TRACES_EXPORTER: 'none' };
  const cache = start(tool('registry3'), ['serve', configFile], { env });
  running.push(cache);
  const answers = () =>
    fetch(`http://${address}/v2/`).then(
      ({ status }) => status === 200,
      () => false,
    );
  await until(`the cache of ${remote}`, answers, { running: cache });
  return address;
}

it.each([
  ['of the same domain', 'registry.pullpass.example', 200],
  ['on the host of the deployment', 'auth.pullpass.example', 200],
  ['of another domain', 'registry.other.example', 404],
  ['without a domain', 'registry', 404],
  ['with an address', '203.0.113.7', 404],
] as const)('a registry %s, %s, is answered with %d', async (_, host, status) => {
  const address = await startCache(`http://${host}`);
  const pulled = await fetch(`http://${address}/v2/team-a/app/manifests/v1`, {
    headers: { accept: 'application/vnd.oci.image.manifest.v1+json' },
  });
  expect(pulled.status).toBe(status);
  const fault = realmFault({ publicUrl: PUBLIC_URL, registry: host, isTls: false });
  expect(fault === undefined).toBe(status === 200);
});
