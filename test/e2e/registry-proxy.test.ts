/** The registry proxy with real clients, in front of a real registry that knows nothing of the product. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS, VERIFYING_CLIENTS } from './support/clients/client.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { TAG } from './support/image.ts';
import { LOGIN_REFUSED } from './support/texts.ts';
import { startUpstream, type Upstream, USER } from './support/upstream.ts';
import { World } from './support/world.ts';

let upstream: Upstream;
let world: World;
let files: string;
/** What clients log in to: `npm start` itself. */
let registry: string;

beforeAll(async () => {
  upstream = await startUpstream();
  files = await newDirectory('services');
  const services = join(files, 'services.json');
  const authentication = { username: USER, password: upstream.passwordReference };
  const behind = { url: upstream.url, prefix: 'customers/', authentication };
  await writeFile(services, JSON.stringify([{ name: 'proxy', upstream: behind }]));
  world = await World.start({ registries: [], settings: { PULLPASS_SERVICES: services } });
  registry = new URL(world.pullpass.url).host;
  for (const repository of ['team-a/app', 'team-a/secret', 'team-b/app']) {
    await upstream.put(await world.image(), `customers/${repository}`);
  }
  return async () => {
    await world.stop();
    await upstream.stop();
    await removeDirectory(files);
  };
}, 60_000);

const reference = (repository: string) => `${registry}/${repository}:${TAG}`;

async function loggedIn(name: (typeof CLIENTS)[number], token: string) {
  const client = await world.client(name);
  const result = await client.login(registry, 'token', token);
  return { client, result };
}

describe.each(CLIENTS)('%s', name => {
  it('logs in, pulls, and is refused other repositories and every push', async () => {
    const { token } = await world.pullpass.addToken({ repositories: ['team-a/app'] });
    const { client, result } = await loggedIn(name, token);
    expectSuccess(result);
    expectSuccess(await client.pull(reference('team-a/app')));
    for (const other of ['team-b/app', 'team-a/secret', 'team-a/missing']) {
      expect((await client.pull(reference(other))).code, other).not.toBe(0);
    }
    expect((await client.push(await world.image(), reference('team-a/app'))).code).not.toBe(0);
  });

  it("is told that a tag is not there, in the registry's own words", async () => {
    const { token } = await world.pullpass.addToken();
    const { client } = await loggedIn(name, token);
    const { code, output } = await client.pull(`${registry}/team-a/app:missing`);
    expect(code).not.toBe(0);
    expect(output).toMatch(/manifest unknown|MANIFEST_UNKNOWN|no such tag or manifest|not found/i);
  });

  it('pulls nothing more once the token was removed, though its login was a moment ago', async () => {
    const { id, token } = await world.pullpass.addToken();
    const { client } = await loggedIn(name, token);
    expectSuccess(await client.pull(reference('team-a/app')));
    await world.pullpass.demand('DELETE', `/v1/tokens/${id}`);
    expect((await client.pull(reference('team-a/secret'))).code).not.toBe(0);
  });
});

it.each(VERIFYING_CLIENTS)('%s cannot log in with a wrong value', async name => {
  const { result } = await loggedIn(name, `plp_${'0'.repeat(87)}`);
  expectRefusal(result, LOGIN_REFUSED[name]);
});

it('the upstream was asked by the proxy for what may be pulled, and for nothing else', () => {
  const lines = upstream.output().split('\n');
  const asked = lines.filter(line => /http\.request\.useragent="?pullpass\b/.test(line));
  const paths = asked.map(line => /http\.request\.uri="?(\/v2\/[^"\s]*)/.exec(line)?.[1] ?? '');
  expect(paths.filter(path => path.startsWith('/v2/customers/team-a/app/')).length).toBeGreaterThan(20);
  // What a token, or all of the account, may pull: the repository of others is never among them.
  expect(paths.filter(path => !/^\/v2\/customers\/team-a\/(?:app|secret|missing)\//.test(path))).toEqual([]);
});
