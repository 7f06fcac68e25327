/** The registry proxy fails no check of the specification that the registry behind it does not fail alone. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Content, pullConformance, pushConformance, type Results } from '../conformance.ts';
import { newDirectory, removeDirectory } from '../directories.ts';
import { PASSWORD, startUpstream, type Upstream, type UpstreamKind, USER } from '../upstream.ts';
import { World } from '../world.ts';

const PREFIX = 'customers/';
const REPOSITORY = 'team-a/conformance';

export function describeConformance(kinds: readonly UpstreamKind[]): void {
  describe.each(kinds)('%s', kind => {
    it('through the proxy passes what it passes alone', async () => {
      const upstream = await startUpstream(kind);
      const files = await newDirectory('services');
      const services = join(files, 'services.json');
      const behind = { ...upstream.configuration, prefix: PREFIX };
      await writeFile(services, JSON.stringify([{ name: 'proxy', upstream: behind }]));
      const world = await World.start({ registries: [], settings: { PULLPASS_SERVICES: services } });
      try {
        const alone = { registry: upstream.address, repository: PREFIX + REPOSITORY, password: PASSWORD };
        await pushConformance(alone);
        const content = await contentOf(upstream);
        expect(content.tags.length).toBeGreaterThan(10);
        const { token } = await world.pullpass.addToken();
        const registry = new URL(world.pullpass.url).host;
        const ofUpstream = await pullConformance(alone, content);
        const ofProxy = await pullConformance({ registry, repository: REPOSITORY, password: token }, content);
        expect(passed(ofUpstream).length).toBeGreaterThan(70);
        expect([...ofProxy.keys()]).toEqual([...ofUpstream.keys()]);
        expect(passed(ofUpstream).filter(name => ofProxy.get(name) !== 'Pass')).toEqual([]);
      } finally {
        await world.stop();
        await upstream.stop();
        await removeDirectory(files);
      }
    });
  });
}

function passed(results: Results): string[] {
  return [...results].filter(([, result]) => result === 'Pass').map(([name]) => name);
}

const ACCEPT = ['manifest', 'index'].map(kind => `application/vnd.oci.image.${kind}.v1+json`).join(', ');

/** What was pushed, each manifest by its tag. */
async function contentOf({ url }: Upstream): Promise<Content> {
  const authorization = `Basic ${Buffer.from(`${USER}:${PASSWORD}`).toString('base64')}`;
  const ask = (path: string) =>
    fetch(`${url}/v2/${PREFIX}${REPOSITORY}/${path}`, { headers: { authorization, accept: ACCEPT } });
  const { tags } = (await (await ask('tags/list')).json()) as { tags: string[] };
  const manifests = new Set<string>();
  const blobs = new Set<string>();
  for (const tag of tags) {
    const answer = await ask(`manifests/${tag}`);
    manifests.add(answer.headers.get('docker-content-digest') ?? '');
    const { config, layers = [] } = (await answer.json()) as Manifest;
    for (const { digest, urls } of [...(config === undefined ? [] : [config]), ...layers]) {
      if (urls === undefined) blobs.add(digest);
    }
  }
  return { tags, manifests: [...manifests], blobs: [...blobs] };
}

interface Descriptor {
  readonly digest: string;
  /** Elsewhere, and not in the repository. */
  readonly urls?: readonly string[];
}

interface Manifest {
  readonly config?: Descriptor;
  readonly layers?: readonly Descriptor[];
}
