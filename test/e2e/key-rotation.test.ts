/** Signing keys rotate while clients log in and pull; clients and registries notice nothing. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { fileNameOf } from '../../local/registry-directories.ts';
import { expectSuccess } from './support/expect.ts';
import { startRegistry } from './support/registry.ts';
import { useWorld } from './support/world.ts';

/** One machine reads its rings again within a minute. */
const FOLLOWED_MS = 75_000;
const ROTATE_EVERY_MS = 5_000;
const FEWEST_ROUNDS = 10;

const world = useWorld({
  registries: [
    { kind: 'distribution 2.8' },
    { kind: 'distribution 3.1' },
    { kind: 'distribution 3.1', service: { profile: 'kid' } },
  ],
});

it('no login and no pull fails while the keys of every service rotate', async () => {
  const { pullpass, registries } = world();
  const addresses = registries.map(({ address }) => address);
  const [first = '', second = '', named = ''] = addresses;
  const { token } = await pullpass.addToken({ access: 'push' });
  const pullers = await Promise.all(
    addresses.map(async address => {
      const skopeo = await world().client('skopeo');
      expectSuccess(await skopeo.login(address, 'token', token));
      expectSuccess(await skopeo.push(await world().image(), `${address}/team-a/app:v1`));
      return async () => {
        expectSuccess(await skopeo.login(address, 'token', token));
        expectSuccess(await skopeo.inspect(`${address}/team-a/app:v1`));
      };
    }),
  );
  const keysOf = async () => Promise.all(addresses.map(service => keyAt(service)));
  const before = await keysOf();

  const end = Date.now() + FOLLOWED_MS;
  let isFollowed = false;
  // Its registry has read the published successor at its start, and only that one.
  await pullpass.rotateKey(named);
  let rounds = 0;
  const pulling = (async () => {
    for (; !isFollowed || rounds <= FEWEST_ROUNDS; rounds += 1) for (const pull of pullers) await pull();
  })();
  let after = before;
  while (after.some((key, index) => key === before[index]) && Date.now() < end) {
    await Promise.all([pullpass.rotateKey(first), pullpass.rotateKey(second)]);
    await pullpass.readKeysAgain();
    await sleep(ROTATE_EVERY_MS);
    after = await keysOf();
  }
  isFollowed = true;
  await pulling;

  for (const [index, key] of after.entries()) expect(key, addresses[index]).not.toBe(before[index]);
  console.log(
    `${rounds} rounds of a login and a pull at ${addresses.length} registries during the rotations`,
  );
});

it('a registry that starts after the activation accepts the key that signs now', async () => {
  const { pullpass, registries } = world();
  const named = registries.at(-1);
  if (named === undefined) throw new Error('There is no such registry.');
  const { token } = await pullpass.addToken({ access: 'push' });
  await named.stop();
  const configFile = `${pullpass.settings.PULLPASS_DATA}/registry/${fileNameOf(named.address)}/config.yml`;
  const restarted = await startRegistry({ ...named, configFile });
  try {
    const skopeo = await world().client('skopeo');
    expectSuccess(await skopeo.login(named.address, 'token', token));
    expectSuccess(await skopeo.inspect(`${named.address}/team-a/app:v1`));
  } finally {
    await restarted.stop();
  }
});

/** The name of the key that signs for a service now. */
async function keyAt(service: string): Promise<string> {
  const { pullpass } = world();
  const { token } = await pullpass.addToken();
  const { json } = await pullpass.logIn('token', token, { service });
  return JSON.parse(Buffer.from(json.token.split('.')[0], 'base64url').toString()).kid;
}
