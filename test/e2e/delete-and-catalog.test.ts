/** Only administrators may delete, and catalog access is never granted. */
import { describe, expect, it } from 'vitest';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it('a registry token cannot delete, even one that may push', async () => {
    const { reference } = await world().pushed('team-a/kept');
    const { token } = await world().pullpass.addToken({ access: 'push' });
    const skopeo = await world().loggedIn('skopeo', token);

    expectRefusal(await skopeo.remove(reference), '(401 Unauthorized)');
    expectSuccess(await skopeo.inspect(reference));
  });

  it("an administrator deletes with an API key, in their account's namespaces", async () => {
    const { reference } = await world().pushed('team-a/removed');
    const skopeo = await world().loggedIn('skopeo', await world().pullpass.administratorKey(), 'iamapikey');

    expectSuccess(await skopeo.remove(reference));
    expectRefusal(await skopeo.inspect(reference), 'manifest unknown');
  });

  it.each(['token', 'iamapikey'])('the catalog is refused to user name %s', async user => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const password = user === 'token' ? token : await pullpass.administratorKey();
    const crane = await world().loggedIn('crane', password, user);

    expectRefusal(await crane.catalog(registry.address), 'UNAUTHORIZED: authentication required');
    const scope = 'registry:catalog:*';
    const login = await pullpass.logIn(user, password, { service: registry.address, scope });
    expect((await world().request(registry, '/v2/_catalog', login)).status).toBe(401);
  });
});
