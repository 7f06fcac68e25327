/** A layer is mounted from another repository only for whoever may pull it there. */
import { describe, expect, it } from 'vitest';
import { expectSuccess } from './support/expect.ts';
import { REGISTRIES } from './support/registry.ts';
import { useWorld } from './support/world.ts';

const settings = { PULLPASS_ADMINISTRATORS: 'dev:dev:administrator dev:other:alice' };

describe.each(REGISTRIES)('at %s', kind => {
  const world = useWorld({ registries: [{ kind }], settings });

  /** How the registry answered every mount from one repository into another. */
  function mounts(from: string, into: string): number[] {
    const request = new RegExp(
      `"POST /v2/${into}/blobs/uploads/\\?from=${encodeURIComponent(from)}&mount=\\S+ HTTP/1.1" (\\d{3})`,
      'g',
    );
    return [...world().registry.log().matchAll(request)].map(([, status]) => Number(status));
  }

  it('crane copies within what its token allows without sending a layer', async () => {
    const { reference, image } = await world().pushed('team-a/base');
    const { token } = await world().pullpass.addToken({ access: 'push' });
    const crane = await world().loggedIn('crane', token);
    const copy = `${world().registry.address}/team-a/derived:v1`;

    expectSuccess(await crane.copy(reference, copy));

    expect((await crane.digest(copy)).output.trim()).toBe(image.digest);
    expect(mounts('team-a/base', 'team-a/derived')).toContain(201);
  });

  it.each(['docker', 'skopeo'] as const)(
    '%s uploads what it may not mount, because its token does not reach the source',
    async name => {
      const { pullpass, registry } = world();
      const [source, target] = [`team-a/${name}-source`, `team-a/${name}-target`];
      const image = await world().image();
      // The program remembers where it has put a layer, and offers to mount it from there.
      const owner = await world().loggedIn(name, (await pullpass.addToken({ access: 'push' })).token);
      expectSuccess(await owner.push(image, `${registry.address}/${source}:v1`));
      const { token } = await pullpass.addToken({ access: 'push', repositories: [target] });
      const user = await world().loggedIn(name, token);

      expectSuccess(await user.push(image, `${registry.address}/${target}:v1`));

      expect(mounts(source, target)).not.toEqual([]);
      expect(mounts(source, target)).not.toContain(201);
      expectSuccess(await user.pull(`${registry.address}/${target}:v1`));
    },
  );

  it("another account's layer cannot be mounted by whoever knows its digest", async () => {
    const { pullpass, registry } = world();
    const { image, reference } = await world().pushed('team-a/secret');
    const apiKey = await world().apiKey('alice', 'other');
    await pullpass.demand('PUT', '/v1/namespaces/team-b', undefined, apiKey);
    const { token } = await pullpass.addToken({ access: 'push' }, apiKey);
    const scope = 'repository:team-b/mine:pull,push repository:team-a/secret:pull';
    const alice = await pullpass.logIn('token', token, { service: registry.address, scope });
    const owner = await pullpass.logIn('iamapikey', await pullpass.administratorKey(), {
      service: registry.address,
      scope: 'repository:team-a/secret:pull',
    });
    const manifest = await world().request(registry, `/v2/team-a/secret/manifests/${image.digest}`, owner);
    const { layers } = (await manifest.json()) as { layers: [{ digest: string }] };
    const { digest } = layers[0];

    const mount = await fetch(
      `http://${registry.address}/v2/team-b/mine/blobs/uploads/?mount=${digest}&from=team-a%2Fsecret`,
      { method: 'POST', headers: { authorization: `Bearer ${alice.json.token}` } },
    );

    expect(mount.status, reference).toBe(401);
    expect(mount.headers.get('www-authenticate')).toContain('insufficient_scope');
    const stolen = await world().request(registry, `/v2/team-b/mine/blobs/${digest}`, alice);
    expect(stolen.status).toBe(404);
  });
});
