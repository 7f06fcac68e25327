/** A token made over HTTP pushes and pulls with real clients at real registries. */
import { describe, expect, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it.each(CLIENTS)('%s pushes and pulls what a token that may push allows', async name => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const client = await world().loggedIn(name, token);
    const reference = `${registry.address}/team-a/${name}:v1`;

    const pushed = await client.push(await world().image(), reference);
    expect(pushed, pushed.output).toMatchObject({ code: 0 });
    const pulled = await client.pull(reference);
    expect(pulled, pulled.output).toMatchObject({ code: 0 });
  });
});
