/** A token works until it expires. The shortest life is a minute, so this test waits for one. */
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { CLIENTS, VERIFYING_CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { LOGIN_REFUSED, SECRET_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const SHORTEST_SECONDS = 60;
const ROUNDING_MS = 1_000;

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });

it('no client pulls or logs in with an expired token, whether it was short-lived or was shortened', async () => {
  const { pullpass, registry } = world();
  const { reference } = await world().pushed('team-a/app');
  const added = await pullpass.addToken({ expiresInSeconds: SHORTEST_SECONDS });
  const shortened = await pullpass.addToken({ nonExpiring: true });
  await pullpass.manage('PATCH', `/v1/tokens/${shortened.id}`, { expiresInSeconds: SHORTEST_SECONDS });
  const users = await Promise.all(
    [added, shortened].flatMap(({ token }) => CLIENTS.map(name => world().loggedIn(name, token))),
  );
  const [crane] = users.filter(({ name }) => name === 'crane');
  if (crane !== undefined) expectSuccess(await crane.pull(reference));

  await sleep(SHORTEST_SECONDS * 1000 + ROUNDING_MS);

  for (const client of users) expectRefusal(await client.pull(reference), SECRET_REFUSED[client.name]);
  for (const { token, id } of [added, shortened]) {
    for (const name of VERIFYING_CLIENTS) {
      const client = await world().client(name);
      expectRefusal(await client.login(registry.address, 'token', token), LOGIN_REFUSED[name]);
    }
    expect((await pullpass.call('GET', `/v1/tokens/${id}`)).status).toBe(404);
  }
  expect(
    (await pullpass.manage('GET', '/v1/tokens')).tokens.map(({ id }: { id: string }) => id),
  ).not.toContain(added.id);
});
