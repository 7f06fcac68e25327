/** Several registries at one deployment: an access token for one is refused by the others. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from './support/expect.ts';
import type { Registry } from './support/registry.ts';
import { useWorld } from './support/world.ts';

const world = useWorld({
  registries: [
    { kind: 'distribution 2.8' },
    { kind: 'distribution 3.1' },
    { kind: 'distribution 3.1', service: { profile: 'kid' } },
  ],
});
const SCOPE = 'repository:team-a/app:pull,push';

async function accessTo(registry: Registry, service: string): Promise<number> {
  const { pullpass } = world();
  const { token } = await pullpass.addToken({ access: 'push' });
  const login = await pullpass.logIn('token', token, { service, scope: SCOPE });
  return (await world().request(registry, '/v2/team-a/app/tags/list', login)).status;
}

describe('three services', () => {
  it('one token logs in to all of them', async () => {
    const { token } = await world().pullpass.addToken({ access: 'push' });
    for (const { address } of world().registries) {
      const skopeo = await world().client('skopeo');
      expectSuccess(await skopeo.login(address, 'token', token));
      expectSuccess(await skopeo.push(await world().image(), `${address}/team-a/app:v1`));
    }
  });

  it('an access token is believed by the registry it was made for, and by no other', async () => {
    for (const registry of world().registries) {
      for (const { address } of world().registries) {
        const expected = registry.address === address ? 200 : 401;
        expect(await accessTo(registry, address), `${registry.address} for ${address}`).toBe(expected);
      }
    }
  });

  it('a login that does not say for which is refused', async () => {
    const { token } = await world().pullpass.addToken();
    const { status, json } = await world().pullpass.logIn('token', token);
    expect({ status, errors: json.errors }).toEqual({
      status: 400,
      errors: [
        {
          code: 'UNSUPPORTED',
          message: `Name a service. This deployment serves: ${world()
            .registries.map(({ address }) => address)
            .join(', ')}.`,
        },
      ],
    });
  });
});
