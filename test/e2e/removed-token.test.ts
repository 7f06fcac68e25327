/** A removed, disabled or rotated token is refused, also from the store of a client. */
import { describe, expect, it } from 'vitest';
import { CLIENTS, VERIFYING_CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { LOGIN_REFUSED, SECRET_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  it.each(CLIENTS)('%s cannot pull or push with a stored token after its removal', async name => {
    const { reference } = await world().pushed(`team-a/${name}`);
    const { id, token } = await world().pullpass.addToken({ access: 'push' });
    const client = await world().loggedIn(name, token);
    expectSuccess(await client.pull(reference));

    expect((await world().pullpass.call('DELETE', `/v1/tokens/${id}`)).status).toBe(204);

    expectRefusal(await client.pull(reference), SECRET_REFUSED[name]);
    expectRefusal(await client.push(await world().image(), reference), SECRET_REFUSED[name]);
  });

  it.each(VERIFYING_CLIENTS)('%s cannot log in with a removed token', async name => {
    const { pullpass, registry } = world();
    const { id, token } = await pullpass.addToken();
    await pullpass.manage('DELETE', `/v1/tokens/${id}`);
    const client = await world().client(name);

    expectRefusal(await client.login(registry.address, 'token', token), LOGIN_REFUSED[name]);
  });

  it('a disabled token is refused, and works again once it is enabled', async () => {
    const { pullpass, registry } = world();
    const { id, token } = await pullpass.addToken();
    const skopeo = await world().client('skopeo');

    await pullpass.manage('PATCH', `/v1/tokens/${id}`, { disabled: true });
    expectRefusal(await skopeo.login(registry.address, 'token', token), LOGIN_REFUSED.skopeo);
    await pullpass.manage('PATCH', `/v1/tokens/${id}`, { disabled: false });
    expectSuccess(await skopeo.login(registry.address, 'token', token));
  });

  it('after a rotation only the new value works', async () => {
    const { pullpass, registry } = world();
    const { id, token } = await pullpass.addToken();
    const rotated = await pullpass.manage('POST', `/v1/tokens/${id}/rotate`, {});
    const skopeo = await world().client('skopeo');

    expectRefusal(await skopeo.login(registry.address, 'token', token), LOGIN_REFUSED.skopeo);
    expectSuccess(await skopeo.login(registry.address, 'token', rotated.token));
  });
});
