/** A build without a secret: the token of its platform logs real clients in, as its trusts allow. */
import { afterAll, beforeAll, describe, it } from 'vitest';
import { CLIENTS } from './support/clients/client.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { ownIam, platform } from './support/platform.ts';
import { FOREIGN_PUSH_REFUSED, LOGIN_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const GITHUB = 'https://token.actions.githubusercontent.com';
/** As GitHub Actions writes them, shortened to what matters here. */
const BUILD = {
  sub: 'repo:acme/app:ref:refs/heads/main',
  repository: 'acme/app',
  repository_id: '74',
  repository_owner_id: '65',
  ref: 'refs/heads/main',
};

const iam = ownIam({ github: GITHUB });

describe('a workload', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1' }], iam });
  let audience: string;

  beforeAll(async () => {
    const { pullpass } = world();
    audience = (await pullpass.manage('GET', '/v1/identity')).workloadAudience;
    const { repository_id, repository_owner_id, ref } = BUILD;
    await pullpass.manage('POST', '/v1/trusts', {
      issuer: 'github',
      claims: { repository_id, repository_owner_id, ref },
      access: 'push',
      repositories: ['team-a/*'],
    });
    await pullpass.manage('PUT', '/v1/namespaces/team-b');
  });
  afterAll(() => platform.stop());

  it.each(CLIENTS)('pushes with %s where a trust lets it, and nowhere else', async name => {
    const { registry } = world();
    const build = await world().loggedIn(name, await platform.token(GITHUB, audience, BUILD), 'oidc');

    expectSuccess(await build.push(await world().image(), `${registry.address}/team-a/${name}:v1`));
    expectRefusal(
      await build.push(await world().image(), `${registry.address}/team-b/${name}:v1`),
      FOREIGN_PUSH_REFUSED[name],
    );
  });

  it('on another branch gets nothing', async () => {
    const token = await platform.token(GITHUB, audience, { ...BUILD, ref: 'refs/heads/feature' });
    const build = await world().loggedIn('skopeo', token, 'oidc');
    const pushed = await build.push(await world().image(), `${world().registry.address}/team-a/feature:v1`);
    expectRefusal(pushed, FOREIGN_PUSH_REFUSED.skopeo);
  });

  it('whose token is for another receiver is refused', async () => {
    const token = await platform.token(GITHUB, 'https://elsewhere.example', BUILD);
    const docker = await world().client('docker');
    expectRefusal(await docker.login(world().registry.address, 'oidc', token), LOGIN_REFUSED.docker);
  });
});
