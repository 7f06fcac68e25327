/** containerd, which the kubelet uses, asks for access tokens by POST with a password. */
import { describe, it } from 'vitest';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it('pulls and pushes what a token allows, and nothing after its removal', async () => {
    const { pullpass, registry } = world();
    const { reference } = await world().pushed('team-a/app');
    const containerd = await world().containerd();
    const puller = await pullpass.addToken();
    const pusher = await pullpass.addToken({ access: 'push' });
    const copy = `${registry.address}/team-a/copy:v1`;

    expectSuccess(await containerd.pull(reference, `token:${puller.token}`));
    expectRefusal(await containerd.push(reference, copy, `token:${puller.token}`), 'insufficient_scope');
    expectSuccess(await containerd.push(reference, copy, `token:${pusher.token}`));
    expectSuccess(await containerd.pull(copy, `token:${puller.token}`));

    await pullpass.manage('DELETE', `/v1/tokens/${puller.id}`);
    expectRefusal(await containerd.pull(copy, `token:${puller.token}`), '401 Unauthorized');
  });
});
