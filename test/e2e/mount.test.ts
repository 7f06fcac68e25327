/** A layer is mounted from another repository only with the right to pull it there. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

const settings = { PULLPASS_ADMINISTRATORS: 'dev:dev:administrator dev:other:alice' };

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }], settings });

  /** How the registry answered the requests whose method and path begin so. */
  function answersTo(request: string): number[] {
    const log = world().registry.log();
    return log
      .split(`"${request}`)
      .slice(1)
      .map(line => Number(/^\S* HTTP\/1\.1" (\d{3})/.exec(line)?.[1]));
  }

  it('crane copies between repositories of its token without sending a layer', async () => {
    const { reference, image } = await world().pushed('team-a/base');
    const { token } = await world().pullpass.addToken({ access: 'push' });
    const crane = await world().loggedIn('crane', token);
    const copy = `${world().registry.address}/team-a/derived:v1`;

    expectSuccess(await crane.copy(reference, copy));

    expect((await crane.digest(copy)).output.trim()).toBe(image.digest);
    expect(answersTo(mount('team-a/base', 'team-a/derived'))).toContain(201);
  });

  // The program remembers where it has put a layer: docker asks to mount it from there, skopeo whether it is there.
  it.each(['docker', 'skopeo'] as const)('%s uploads a layer that its token may not mount', async name => {
    const { pullpass, registry } = world();
    const [source, target] = [`team-a/${name}-source`, `team-a/${name}-target`];
    const image = await world().image();
    const owner = await world().loggedIn(name, (await pullpass.addToken({ access: 'push' })).token);
    expectSuccess(await owner.push(image, `${registry.address}/${source}:v1`));
    const { token } = await pullpass.addToken({ access: 'push', repositories: [target] });
    const user = await world().loggedIn(name, token);

    expectSuccess(await user.push(image, `${registry.address}/${target}:v1`));

    const attempt =
      name === 'docker' ? mount(source, target) : `HEAD /v2/${source}/blobs/${image.layerDigest}`;
    expect(answersTo(attempt)).toContain(401);
    expect(answersTo(mount(source, target))).not.toContain(201);
    expectSuccess(await user.pull(`${registry.address}/${target}:v1`));
  });

  it("another account's layer cannot be mounted by its digest", async () => {
    const { pullpass, registry } = world();
    const { layerDigest } = (await world().pushed('team-a/secret')).image;
    const apiKey = await world().apiKey('alice', 'other');
    await pullpass.manage('PUT', '/v1/namespaces/team-b', undefined, apiKey);
    const { token } = await pullpass.addToken({ access: 'push' }, apiKey);
    const scope = 'repository:team-b/mine:pull,push repository:team-a/secret:pull';
    const alice = await pullpass.logIn('token', token, { service: registry.address, scope });

    const mount = await fetch(
      `http://${registry.address}/v2/team-b/mine/blobs/uploads/?mount=${layerDigest}&from=team-a%2Fsecret`,
      { method: 'POST', headers: { authorization: `Bearer ${alice.json.token}` } },
    );

    expect(mount.status).toBe(401);
    expect(mount.headers.get('www-authenticate')).toContain('insufficient_scope');
    const stolen = await world().request(registry, `/v2/team-b/mine/blobs/${layerDigest}`, alice);
    expect(stolen.status).toBe(404);
  });
});

/** A mount as a registry's access log shows it. */
function mount(from: string, into: string): string {
  return `POST /v2/${into}/blobs/uploads/?from=${encodeURIComponent(from)}&mount=`;
}
