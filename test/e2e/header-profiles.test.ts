/** Registries accept every header profile and algorithm that is meant for them. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from './support/expect.ts';
import type { Answer } from './support/pullpass.ts';
import { type RegistryPlan, useWorld } from './support/world.ts';

const PLANS: [string, RegistryPlan][] = [
  ['x5c ES256 at 2.8', { kind: 'distribution 2.8', service: { profile: 'x5c', algorithm: 'ES256' } }],
  ['x5c RS256 at 2.8', { kind: 'distribution 2.8', service: { profile: 'x5c', algorithm: 'RS256' } }],
  ['x5c ES256 at 3.1', { kind: 'distribution 3.1', service: { profile: 'x5c', algorithm: 'ES256' } }],
  ['x5c RS256 at 3.1', { kind: 'distribution 3.1', service: { profile: 'x5c', algorithm: 'RS256' } }],
  ['kid ES256 at 3.1', { kind: 'distribution 3.1', service: { profile: 'kid', algorithm: 'ES256' } }],
  ['kid RS256 at 3.1', { kind: 'distribution 3.1', service: { profile: 'kid', algorithm: 'RS256' } }],
];

describe.each(PLANS)('%s', (_, plan) => {
  const world = useWorld({ registries: [plan] });

  it('a token logs in, pushes and pulls', async () => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken({ access: 'push' });
    const reference = `${registry.address}/team-a/app:v1`;
    for (const name of ['skopeo', 'crane'] as const) {
      const client = await world().loggedIn(name, token);
      expectSuccess(await client.push(await world().image(), reference));
      expectSuccess(await client.pull(reference));
    }
    const { alg, kid, x5c, ...rest } = headerOf(await pullpass.logIn('token', token));
    expect({ alg, x5c: x5c !== undefined }).toEqual({
      alg: plan.service?.algorithm,
      x5c: plan.service?.profile === 'x5c',
    });
    expect(kid).toMatch(/^[\w-]{43}$/);
    expect(rest).toEqual({ typ: 'JWT' });
  });
});

function headerOf({ json }: Answer): Record<string, unknown> {
  return JSON.parse(Buffer.from(json.token.split('.')[0], 'base64url').toString());
}
