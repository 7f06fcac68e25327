/** No secret of one account reaches what another account owns. */
import { describe, expect, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { FOREIGN_PUSH_REFUSED, PULL_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const settings = { PULLPASS_ADMINISTRATORS: 'dev:dev:administrator dev:other:alice' };

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }], settings });

  describe.each(['token', 'iamapikey'] as const)('with a secret of user name %s', user => {
    it.each(CLIENTS)("%s can neither pull nor push in another account's namespace", async name => {
      const { pullpass, registry } = world();
      const { reference } = await world().pushed(`team-a/${name}`);
      const apiKey = await world().apiKey('alice', 'other');
      const secrets = {
        token: (await pullpass.addToken({ access: 'push' }, apiKey)).token,
        iamapikey: apiKey,
      };
      const alice = await world().loggedIn(name, secrets[user], user);
      const new_ = `${registry.address}/team-a/${name}-by-alice:v1`;

      expectRefusal(await alice.pull(reference), PULL_REFUSED[name]);
      expectRefusal(await alice.push(await world().image(), new_), FOREIGN_PUSH_REFUSED[name]);
    });
  });

  it('the same secret works in the namespace of its own account', async () => {
    const apiKey = await world().apiKey('alice', 'other');
    await world().pullpass.manage('PUT', '/v1/namespaces/team-b', undefined, apiKey);

    const { reference } = await world().pushed('team-b/app', apiKey);
    const administrator = await world().loggedIn(
      'skopeo',
      await world().pullpass.administratorKey(),
      'iamapikey',
    );
    expectRefusal(await administrator.pull(reference), PULL_REFUSED.skopeo);
  });

  it('an identity without policies logs in and gets nothing', async () => {
    const { reference } = await world().pushed('team-a/nothing');
    const bob = await world().loggedIn('skopeo', await world().apiKey('bob', 'dev'), 'iamapikey');

    expectRefusal(await bob.pull(reference), PULL_REFUSED.skopeo);
  });

  it('a released namespace is out of reach for all, and other accounts cannot register it', async () => {
    const { pullpass } = world();
    await pullpass.manage('PUT', '/v1/namespaces/released');
    const { reference } = await world().pushed('released/app');
    const { token } = await pullpass.addToken();
    const user = await world().loggedIn('skopeo', token);
    expectSuccess(await user.pull(reference));

    await pullpass.manage('DELETE', '/v1/namespaces/released');

    expectRefusal(await user.pull(reference), PULL_REFUSED.skopeo);
    const apiKey = await world().apiKey('alice', 'other');
    expect((await pullpass.call('PUT', '/v1/namespaces/released', undefined, apiKey)).status).toBe(409);
  });
});
