/** Logins of real clients: the user name says what the password is, and only a good one is accepted. */
import { describe, expect, it } from 'vitest';
import { VERIFYING_CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import type { Pullpass } from './support/pullpass.ts';
import { REGISTRIES } from './support/registry.ts';
import { LOGIN_REFUSED, PULL_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const SECRETS: Record<string, (pullpass: Pullpass) => Promise<string>> = {
  token: async pullpass => (await pullpass.addToken()).token,
  iamapikey: pullpass => pullpass.administratorKey(),
  iambearer: accessToken,
};

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });

  describe.each(VERIFYING_CLIENTS)('with %s', name => {
    it.each(Object.keys(SECRETS))('a good secret of user name %s is let in', async user => {
      const { pullpass, registry } = world();
      const secret = (await SECRETS[user]?.(pullpass)) ?? '';
      const client = await world().client(name);

      expectSuccess(await client.login(registry.address, user, secret));
    });

    it.each(Object.keys(SECRETS))('a bad secret of user name %s is refused', async user => {
      const { pullpass, registry } = world();
      const secret = (await SECRETS[user]?.(pullpass)) ?? '';
      const client = await world().client(name);
      // The first character that is not of the fixed prefix, so that every kind of secret is still well shaped.
      const bad = secret.slice(0, 24) + (secret[24] === 'A' ? 'B' : 'A') + secret.slice(25);

      expectRefusal(await client.login(registry.address, user, bad), LOGIN_REFUSED[name]);
    });

    it('a secret under the wrong user name is refused', async () => {
      const { pullpass, registry } = world();
      const client = await world().client(name);
      const { token } = await pullpass.addToken();

      expectRefusal(await client.login(registry.address, 'iamapikey', token), LOGIN_REFUSED[name]);
    });

    it('after a logout nothing can be pulled', async () => {
      const { reference } = await world().pushed(`team-a/logout-${name}`);
      const { token } = await world().pullpass.addToken();
      const client = await world().loggedIn(name, token);
      expectSuccess(await client.logout(world().registry.address));

      expectRefusal(await client.pull(reference), PULL_REFUSED[name]);
    });
  });

  it('the administrator pushes and pulls with an API key and with an access token', async () => {
    for (const user of ['iamapikey', 'iambearer']) {
      const { pullpass, registry } = world();
      const client = await world().loggedIn('skopeo', (await SECRETS[user]?.(pullpass)) ?? '', user);
      const reference = `${registry.address}/team-a/by-${user}:v1`;
      expectSuccess(await client.push(await world().image(), reference));
      expectSuccess(await client.pull(reference));
    }
    expect.assertions(4);
  });
});

async function accessToken(pullpass: Pullpass): Promise<string> {
  const body = new URLSearchParams({
    grant_type: 'urn:ibm:params:oauth:grant-type:apikey',
    apikey: await pullpass.administratorKey(),
  });
  const response = await fetch(`${pullpass.url}/iam/identity/token`, { method: 'POST', body });
  return ((await response.json()) as { access_token: string }).access_token;
}
