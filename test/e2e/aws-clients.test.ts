/** An AWS role logs real clients in to a real registry, with the password that the project's command prints. */
import { tmpdir } from 'node:os';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Credentials } from '../support/presigned.ts';
import { CLIENTS } from './support/clients/client.ts';
import { bareEnvironment, PROJECT } from './support/directories.ts';
import { expectRefusal, expectSuccess } from './support/expect.ts';
import { MOTO_ACCOUNT, Moto } from './support/moto.ts';
import { run } from './support/processes.ts';
import { FOREIGN_PUSH_REFUSED } from './support/texts.ts';
import { type OwnIam, useWorld } from './support/world.ts';

const ALICE = `arn:aws:iam::${MOTO_ACCOUNT}:user/alice`;
const BOB = `arn:aws:iam::${MOTO_ACCOUNT}:user/bob`;

let moto: Moto;
let alice: Credentials;

async function proofOf({ accessKeyId, secretAccessKey }: Credentials, publicUrl: string): Promise<string> {
  const env = {
    ...bareEnvironment(tmpdir()),
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  const args = ['run', '--silent', 'aws-proof', '--', '--url', publicUrl, '--region', 'eu-central-1'];
  const { code, output } = await run('npm', args, { cwd: PROJECT, env });
  expect(code, output).toBe(0);
  return output.trimEnd();
}

const iam: OwnIam = {
  administrators: `aws:aws:${MOTO_ACCOUNT}:${ALICE}`,
  async entries() {
    moto = await Moto.start();
    alice = await moto.user('/', 'alice');
    return [{ key: 'aws', kind: 'aws', endpoint: moto.url }];
  },
  async authorization(publicUrl) {
    return `Basic ${Buffer.from(`awsiam:${await proofOf(alice, publicUrl)}`).toString('base64')}`;
  },
};

describe('a user of AWS', () => {
  const world = useWorld({ registries: [{ kind: 'distribution 3.1' }], iam });
  let bob: Credentials;

  beforeAll(async () => {
    const { pullpass } = world();
    await pullpass.manage('PUT', '/v1/namespaces/team-b');
    await pullpass.manage('POST', '/v1/policies', {
      subject: `aws:${BOB}`,
      role: 'writer',
      repositories: ['team-a/*'],
    });
    bob = await moto.user('/', 'bob');
  });
  afterAll(() => moto.stop());

  it.each(CLIENTS)('pushes with %s where its policy allows, and nowhere else', async name => {
    const { pullpass, registry } = world();
    const client = await world().loggedIn(name, await proofOf(bob, pullpass.url), 'awsiam');

    expectSuccess(await client.push(await world().image(), `${registry.address}/team-a/${name}:v1`));
    expectRefusal(
      await client.push(await world().image(), `${registry.address}/team-b/${name}:v1`),
      FOREIGN_PUSH_REFUSED[name],
    );
  });
});
