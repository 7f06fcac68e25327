/** Credential formats that are files: a client that reads the file is logged in. */
import { describe, expect, it } from 'vitest';
import type { ClientName } from './support/clients/client.ts';
import { vended } from './support/credentials.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { run } from './support/processes.ts';
import { PULL_REFUSED } from './support/texts.ts';
import { tool } from './support/tools.ts';
import { CONTAINERS_AUTH, DOCKER_CONFIG, type HomeFiles, useWorld } from './support/world.ts';

/** Those that read auth.json. */
const CONTAINERS = ['skopeo', 'podman', 'buildah'] as const satisfies ClientName[];

describe('a credential', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 2.8', service: { name: 'shop' } }] });

  it.each<[ClientName, string]>([
    ['docker', DOCKER_CONFIG],
    ['crane', DOCKER_CONFIG],
    ...CONTAINERS.map((name): [ClientName, string] => [name, CONTAINERS_AUTH]),
  ])('as docker-config lets %s push and pull', async (name, path) => {
    const client = await world().client(name, {
      [path]: await vended(world(), { format: 'docker-config', access: 'push' }),
    });
    const reference = `${world().registry.address}/team-a/docker-config/${name}:v1`;

    expectSuccess(await client.push(await world().image(), reference));
    expectSuccess(await client.pull(reference));
  });

  describe('as kubernetes-secret', () => {
    async function kubectl(args: string[], input?: string) {
      const { env } = await world().place('kubectl');
      const result = await run(tool('kubectl'), args, { env, ...(input === undefined ? {} : { input }) });
      expectSuccess(result);
      return JSON.parse(result.output);
    }

    const configIn = ({ data }: { data: Record<string, string> }) =>
      Buffer.from(data['.dockerconfigjson'] ?? '', 'base64').toString();

    it('is the manifest that kubectl itself makes and reads', async () => {
      const manifest = await vended(world(), { format: 'kubernetes-secret' });
      const { address } = world().registry;
      const { username, password } = JSON.parse(configIn(JSON.parse(manifest))).auths[address];

      const given = { server: address, username, password };
      const flags = Object.entries(given).map(([name, value]) => `--docker-${name}=${value}`);
      const create = ['create', 'secret', 'docker-registry', 'pullpass', ...flags];
      const made = await kubectl([...create, '--dry-run=client', '--output=json']);
      delete made.metadata.creationTimestamp;
      expect(JSON.parse(manifest)).toEqual(made);

      const rename = ['patch', '--local', '--filename=-', '--patch={"metadata":{"name":"farm"}}'];
      const renamed = await kubectl([...rename, '--output=json'], manifest);
      expect(renamed).toEqual({ ...made, metadata: { name: 'farm' } });
    });

    it('contains a configuration with which a client pulls', async () => {
      const { reference } = await world().pushed('team-a/secret');
      const manifest = await vended(world(), { format: 'kubernetes-secret' });
      const docker = await world().client('docker', { [DOCKER_CONFIG]: configIn(JSON.parse(manifest)) });

      expectSuccess(await docker.pull(reference));
    });
  });

  describe('as containers-auth', () => {
    /** The user names of the logins for a repository. */
    function loginsFor(repository: string): unknown[] {
      const lines = world().pullpass.running.output().split('\n');
      const events = lines.filter(line => line.startsWith('{')).map(line => JSON.parse(line));
      return events
        .filter(({ message }) => message === 'login')
        .filter(({ requested }) => requested?.startsWith(`repository:${repository}:`))
        .map(({ userName }) => userName);
    }

    /** One image inside of what the credential is for, and one outside, each pushed anew. */
    async function twoImages(name: string) {
      const inside = await world().pushed(`team-a/inside/${name}`);
      const outside = await world().pushed(`team-a/inside-out/${name}`);
      return { inside: inside.reference, outside: outside.reference };
    }

    it.each(CONTAINERS)('lets %s pull its repositories, and is not used for others', async name => {
      const { inside, outside } = await twoImages(name);
      const auth = await vended(world(), { format: 'containers-auth', repositories: ['team-a/inside/*'] });
      const { address } = world().registry;
      expect(Object.keys(JSON.parse(auth).auths)).toEqual([`${address}/team-a/inside`]);
      const client = await world().client(name, { [CONTAINERS_AUTH]: auth });
      const before = loginsFor(`team-a/inside-out/${name}`).length;

      expectSuccess(await client.pull(inside));
      expectRefusal(await client.pull(outside), PULL_REFUSED[name]);
      expect(new Set(loginsFor(`team-a/inside-out/${name}`).slice(before))).toEqual(new Set(['anonymous']));
    });

    it.each(CONTAINERS)('works beside the login of %s for the rest of the registry', async name => {
      const { inside, outside } = await twoImages(name);
      const narrow = await vended(world(), {
        format: 'containers-auth',
        repositories: [`team-a/inside/${name}`],
      });
      const rest = await vended(world(), {
        format: 'docker-config',
        repositories: ['team-a/inside-out/*'],
      });
      const files: HomeFiles = {
        [CONTAINERS_AUTH]: JSON.stringify({
          auths: { ...JSON.parse(narrow).auths, ...JSON.parse(rest).auths },
        }),
      };
      const client = await world().client(name, files);

      expectSuccess(await client.pull(inside));
      expectSuccess(await client.pull(outside));
    });
  });
});
