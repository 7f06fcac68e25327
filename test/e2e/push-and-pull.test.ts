/** A registry token pushes and pulls with real clients at real registries. */
import { describe, expect, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it.each(CLIENTS)('%s pushes and pulls with a token that may push', async name => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const client = await world().loggedIn(name, token);
    const reference = `${registry.address}/team-a/${name}:v1`;

    expectSuccess(await client.push(await world().image(), reference));
    expectSuccess(await client.pull(reference));
  });

  it.each(CLIENTS)('%s pulls with a pull-only token, also deep in the namespace', async name => {
    const { reference } = await world().pushed(`team-a/deep/down/${name}`);
    const { token } = await world().pullpass.addToken();
    const client = await world().loggedIn(name, token);

    expectSuccess(await client.pull(reference));
  });

  it('skopeo and crane find the pushed image by digest and in the list of tags', async () => {
    const { reference, image } = await world().pushed('team-a/found');
    const repository = reference.slice(0, -':v1'.length);
    const { token } = await world().pullpass.addToken();
    const skopeo = await world().loggedIn('skopeo', token);
    const crane = await world().loggedIn('crane', token);

    expect((await skopeo.inspect(reference)).output.trim()).toBe(image.digest);
    expect((await crane.digest(reference)).output.trim()).toBe(image.digest);
    expect(JSON.parse((await skopeo.tags(repository)).output)).toMatchObject({ Tags: ['v1'] });
    expect((await crane.tags(repository)).output.trim()).toBe('v1');
  });
});
