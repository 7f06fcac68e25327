/** Each client at the registry proxy, before registries of each kind: what it pulls, and what it is refused. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from '../expect.ts';
import type { UpstreamKind } from '../upstream.ts';
import { expectRefused } from './matrix.ts';
import { CLIENTS, type Client } from './programs.ts';
import { useProxy } from './proxy.ts';

/** One of each way to pull: the other clients are made of these. */
const NAMES = [
  ...['docker', 'ctr (containerd)', 'podman', 'buildah', 'skopeo', 'crane', 'oras', 'regctl', 'helm 4'],
];
const clients: readonly Client[] = CLIENTS.filter(({ name }) => NAMES.includes(name));
/** helm takes charts only, which have two layers and no platforms. */
const forImages = clients.filter(({ below }) => below === undefined);

const LAYERS = 20;

export function describeProxyClients(kinds: readonly UpstreamKind[]): void {
  describe.each(kinds)('before %s', kind => {
    const proxy = useProxy(kind);

    it.each(clients)(
      '$name pulls by tag and by digest, also of several platforms, and not what its token does not allow',
      async client => {
        const { world } = proxy();
        const user = await proxy().user(client);
        const digest = await proxy().fill(user, client, '1.0.0');
        const own = `${user.repository}${client.below ?? ''}`;
        await proxy().put('team-a/platforms', { architectures: ['amd64', 'arm64'] });
        const { id, token } = await world.pullpass.addToken({ repositories: [own, 'team-a/platforms'] });
        expectSuccess(await user.does('login', token));
        expectSuccess(await user.does('pull', token, { tag: '1.0.0' }));
        const { usage } = await world.pullpass.manage('GET', `/v1/usage?token=${id}`);
        expect(usage).toEqual([expect.objectContaining({ repository: own, pulls: 1 })]);
        expectSuccess(await user.pullsByDigest(token, digest));
        if (client.below === undefined) {
          expectSuccess(await user.does('pull', token, { repository: 'team-a/platforms', tag: 'v1' }));
        }
        for (const repository of ['team-a/secret', 'team-b/app']) {
          expectRefused(await user.does('pull', token, { repository, tag: '1.0.0' }));
        }
        await world.pullpass.manage('DELETE', `/v1/tokens/${id}`);
        expectRefused(await user.does('pull', token, { tag: '1.0.0' }));
      },
    );

    it.each(forImages)('$name gets no further layer once its token was removed', async client => {
      const { world, gate } = proxy();
      const user = await proxy().user(client);
      const repository = `${user.repository}-layers`;
      await proxy().put(repository, { layers: LAYERS });
      const { id, token } = await world.pullpass.addToken();
      expectSuccess(await user.does('login', token));
      let removal: Promise<unknown> | undefined;
      const before = proxy().blobs;
      gate.before = async path => {
        if (!path.includes('/blobs/')) return;
        removal ??= world.pullpass.manage('DELETE', `/v1/tokens/${id}`);
        await removal;
      };
      const pull = await user.does('pull', token, { repository, tag: 'v1' });
      gate.before = async () => undefined;
      expectRefused(pull);
      expect(proxy().blobs - before).toBeGreaterThan(0);
      expect(proxy().blobs - before).toBeLessThan(LAYERS);
    });

    it('was asked for what its tokens may pull, and for nothing else', () => {
      const paths = new Set(proxy().gate.asked);
      expect(paths.size).toBeGreaterThan(30);
      const odd = [...paths].filter(path => !/^\/v2\/customers\/team-a\/(?!secret\/)/.test(path));
      expect(odd).toEqual([]);
    });
  });
}
