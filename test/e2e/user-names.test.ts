/** Every IAM user name logs real clients in, with the rights of its policies. */
import { beforeAll, describe, expect, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { FOREIGN_PUSH_REFUSED, LOGIN_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const USER_NAMES = ['iamapikey', 'iambearer', 'iamrefresh'] as const;

interface Proofs {
  readonly iamapikey: string;
  readonly iambearer: string;
  readonly iamrefresh: string;
}

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }] });
  let proofs: Proofs;

  beforeAll(async () => {
    const { pullpass } = world();
    await pullpass.manage('PUT', '/v1/namespaces/team-b');
    const apiKey = await world().apiKey('bob', 'dev');
    const policy = { subject: 'bob', role: 'writer', repositories: ['team-a/*'] };
    await pullpass.manage('POST', '/v1/policies', policy);
    const response = await fetch(`${pullpass.url}/iam/identity/token`, {
      method: 'POST',
      body: new URLSearchParams({ grant_type: 'urn:ibm:params:oauth:grant-type:apikey', apikey: apiKey }),
    });
    const tokens = (await response.json()) as { access_token: string; refresh_token: string };
    proofs = { iamapikey: apiKey, iambearer: tokens.access_token, iamrefresh: tokens.refresh_token };
  });

  describe.each(USER_NAMES)('as %s', userName => {
    it.each(CLIENTS)(
      'a writer of one namespace pushes there with %s, and is refused in another',
      async name => {
        const { registry } = world();
        const bob = await world().loggedIn(name, proofs[userName], userName);
        const repository = `${name}-${userName}`;

        expectSuccess(await bob.push(await world().image(), `${registry.address}/team-a/${repository}:v1`));
        expectRefusal(
          await bob.push(await world().image(), `${registry.address}/team-b/${repository}:v1`),
          FOREIGN_PUSH_REFUSED[name],
        );
      },
    );

    it('a proof of another kind is refused', async () => {
      const other = userName === 'iamapikey' ? proofs.iambearer : proofs.iamapikey;
      const docker = await world().client('docker');
      expectRefusal(await docker.login(world().registry.address, userName, other), LOGIN_REFUSED.docker);
    });
  });

  it('a policy that is gone grants nothing at the next login', async () => {
    const { pullpass, registry } = world();
    const carol = await world().apiKey('carol', 'dev');
    const { id } = await pullpass.manage('POST', '/v1/policies', { subject: 'carol', role: 'writer' });
    const skopeo = await world().loggedIn('skopeo', carol, 'iamapikey');
    expectSuccess(await skopeo.push(await world().image(), `${registry.address}/team-a/carol:v1`));

    expect((await pullpass.call('DELETE', `/v1/policies/${id}`)).status).toBe(204);

    const again = await skopeo.push(await world().image(), `${registry.address}/team-a/carol:v2`);
    expectRefusal(again, FOREIGN_PUSH_REFUSED.skopeo);
  });
});
