/** Guessing is slowed down; a good secret still works from the same address. */
import { describe, expect, it } from 'vitest';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { useWorld } from './support/world.ts';

const LIMIT = 20;

describe('from an address that has failed too often', () => {
  const world = useWorld({
    registries: [{ kind: 'distribution 3.1' }],
    settings: { PULLPASS_FAILURES_PER_MINUTE: `${LIMIT}` },
  });

  it('more bad secrets get 429 with Retry-After, and a good one logs in', async () => {
    const { pullpass } = world();
    const { token } = await pullpass.addToken();
    const statuses: number[] = [];
    for (let failures = 0; failures < LIMIT + 5; failures += 1) {
      statuses.push((await pullpass.logIn('token', `${token}x`)).status);
    }
    expect(statuses.slice(0, LIMIT)).toEqual(Array(LIMIT).fill(401));
    expect(statuses.at(-1)).toBe(429);

    const refused = await pullpass.logIn('token', `${token}x`);
    const id = refused.headers.get('x-request-id');
    const message = `Too many failed attempts from this address; try again later. Request id: ${id}`;
    expect(refused.json.errors).toEqual([{ code: 'TOOMANYREQUESTS', message }]);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThanOrEqual(1);
    expect((await pullpass.logIn('token', token)).status).toBe(200);
  });

  it('docker and skopeo print it, and the good secret logs in', async () => {
    const { pullpass, registry } = world();
    const { token } = await pullpass.addToken();
    await Promise.all(Array.from({ length: 2 * LIMIT }, () => pullpass.logIn('token', `${token}x`)));
    const docker = await world().client('docker');
    const skopeo = await world().client('skopeo');

    const refusal = await docker.login(registry.address, 'token', `${token}x`);
    expectRefusal(refusal, 'Too many failed attempts from this address; try again later.');
    expectRefusal(await skopeo.login(registry.address, 'token', `${token}x`), 'oo many');
    expectSuccess(await docker.login(registry.address, 'token', token));
    expectSuccess(await skopeo.login(registry.address, 'token', token));
  });
});
