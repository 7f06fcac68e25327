/** The kubelet's credential provider: its answer lets the node pull, and nothing else. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type InstalledCli, installCli } from './support/cli-package.ts';
import { CommandUser, type Said } from './support/command-user.ts';
import { newDirectory, removeDirectory } from './support/directories.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { ownIam, platform } from './support/platform.ts';
import { PUSH_REFUSED } from './support/texts.ts';
import { useWorld } from './support/world.ts';

const CLUSTER = 'https://cluster.example';
/** As the kubelet asks the API server for it: bound to the pod (Kubernetes "Configure Service Accounts for Pods"). */
const POD = {
  sub: 'system:serviceaccount:shop:puller',
  'kubernetes.io': {
    namespace: 'shop',
    pod: { name: 'front-1', uid: '5e0bd49b' },
    serviceaccount: { name: 'puller', uid: '14ee3fa4' },
  },
};

let commandLine: InstalledCli;
let home: string;
let node: CommandUser;

const iam = ownIam({ kubernetes: CLUSTER });

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }], iam });

beforeAll(async () => {
  commandLine = await installCli();
  home = await newDirectory('node');
  node = await CommandUser.create(commandLine);
});
afterAll(async () => {
  await Promise.all([platform.stop(), node.leave(), commandLine.remove(), removeDirectory(home)]);
});

/** A request as the kubelet writes it, by default for an image of the registry. */
function ask(args: readonly string[], request: object): Promise<Said> {
  const { pullpass, registry } = world();
  const kind = { apiVersion: 'credentialprovider.kubelet.k8s.io/v1', kind: 'CredentialProviderRequest' };
  return node.call(
    'pullpass-kubelet-provider',
    ['--url', pullpass.url, '--registry', registry.address, ...args],
    JSON.stringify({ ...kind, image: `${registry.address}/team-a/app`, ...request }),
  );
}

/** A user of the node, with the answer that the kubelet got. */
async function withAnswer({ stdout }: Said) {
  const { registry } = world();
  const { username, password } = JSON.parse(stdout).auth[registry.address];
  return world().loggedIn('skopeo', password, username);
}

describe('the kubelet', () => {
  it('pulls and does not push with the registry token of the node', async () => {
    const { pullpass, registry } = world();
    const { reference } = await world().pushed('team-a/app');
    const { token } = await pullpass.addToken({ access: 'push' });
    const file = join(home, 'token');
    await writeFile(file, `${token}\n`);

    const said = await ask(['--token-file', file], {});
    expect(said, said.stderr).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(said.stdout)).toEqual({
      apiVersion: 'credentialprovider.kubelet.k8s.io/v1',
      kind: 'CredentialProviderResponse',
      cacheKeyType: 'Registry',
      cacheDuration: expect.stringMatching(/^\d+s$/),
      auth: { [registry.address]: { username: 'token', password: expect.stringMatching(/^plc_/) } },
    });
    const skopeo = await withAnswer(said);
    expectSuccess(await skopeo.pull(reference));
    expectRefusal(await skopeo.push(await world().image(), `${reference}-2`), PUSH_REFUSED.skopeo);
  });

  it("pulls what the pod's service account may pull, and nothing without one", async () => {
    const { pullpass } = world();
    const audience = (await pullpass.manage('GET', '/v1/identity')).workloadAudience;
    await pullpass.manage('POST', '/v1/trusts', {
      issuer: 'kubernetes',
      claims: { sub: POD.sub, 'kubernetes.io/serviceaccount/uid': POD['kubernetes.io'].serviceaccount.uid },
      access: 'pull',
      repositories: ['team-a/shop/*'],
    });
    const [ours, other] = [await world().pushed('team-a/shop/front'), await world().pushed('team-a/other')];

    const serviceAccountToken = await platform.token(CLUSTER, audience, POD);
    const said = await ask([], { serviceAccountToken, serviceAccountAnnotations: {} });
    expect(said, said.stderr).toMatchObject({ code: 0 });
    expect(JSON.parse(said.stdout)).toMatchObject({ cacheKeyType: 'Image' });
    const skopeo = await withAnswer(said);
    expectSuccess(await skopeo.pull(ours.reference));
    expect(await skopeo.pull(other.reference)).not.toMatchObject({ code: 0 });

    const stranger = { ...POD, sub: 'system:serviceaccount:shop:stranger' };
    const refused = await ask([], { serviceAccountToken: await platform.token(CLUSTER, audience, stranger) });
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(await ask([], {})).toMatchObject({ code: 1, stdout: '' });
  });
});
