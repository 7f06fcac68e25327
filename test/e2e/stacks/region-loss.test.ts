/**
 * A region is lost, and the stage is deployed in another one from copies of its tables and the replicas of its secrets; by two
 * ministacks, of which the first is stopped, and moto's Secrets Manager in both regions. docs/operations.md has the same steps.
 */
import { join } from 'node:path';
import { decodeJwt, decodeProtectedHeader } from 'jose';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { callerIn } from '../../support/loopback-aws.ts';
import { bareEnvironment, PROJECT } from '../support/directories.ts';
import { Ministack } from '../support/ministack/ministack.ts';
import { itemsOf, logIn, ownedTables, restoreTable, Stage, switchedOn } from '../support/ministack/stage.ts';
import { Moto } from '../support/moto.ts';
import { run } from '../support/processes.ts';
import { tool } from '../support/tools.ts';

// Two deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

const ELSEWHERE = 'eu-west-1';
const TABLES = ['pullpass-dev', 'pullpass-dev-ledger'] as const;
const DOMAIN = {
  domain: 'pullpass.example.com',
  certificate: 'arn:aws:acm:eu-central-1:123456789012:certificate/0a1b2c3d-0000-4000-8000-000000000000',
};
/** Of the derivation key of the lost region; test/e2e/stacks/keys-on-aws.test.ts derives with one. */
const REPLICA = `mrk-${'0'.repeat(32)}`;

let stage: Stage;
let moto: Moto;
let lost: Ministack | undefined;
let other: Ministack | undefined;

beforeAll(async () => {
  [stage, moto] = await Promise.all([Stage.open('region-loss'), Moto.start()]);
});
afterAll(async () => {
  await stage?.close();
  await lost?.stop();
  await other?.stop();
  await moto?.stop();
});

/** ministack makes no replicas. */
const secretsAt = () => ({ AWS_ENDPOINT_URL_SECRETS_MANAGER: moto.endpoint });

/** Who issued the access token, and with which key. */
async function signedBy(answer: Response): Promise<unknown> {
  expect(answer.status).toBe(200);
  const { token } = (await answer.json()) as { token: string };
  const { x5c, kid } = decodeProtectedHeader(token);
  return { iss: decodeJwt(token).iss, kid, root: x5c?.at(-1) };
}

/** The secrets of the stage in a region. */
async function secretsIn(region: string): Promise<Set<string>> {
  const answer = await callerIn(region, 'secretsManager', moto)('ListSecrets', {});
  const { SecretList } = answer as { SecretList: { Name: string }[] };
  return new Set(SecretList.map(({ Name }) => Name));
}

it('in the other region tokens work with the same issuer and keys, and what the ledger says was removed stays removed', async () => {
  lost = await Ministack.start(secretsAt());
  const here = { ...DOMAIN, copyRegion: ELSEWHERE, multiRegionKey: 'on' };
  const before = await stage.deploy(await stage.checkout(lost), lost, { parameters: here });
  await stage.manage('PUT /v1/namespaces/team-a', before);
  const kept = await stage.manage('POST /v1/tokens', before, { access: 'push' });
  const removed = await stage.manage('POST /v1/tokens', before, { access: 'push' });
  const signed = await signedBy(await logIn(before, kept.token));
  // The table was copied before the removal, and the ledger after it.
  const table = await itemsOf(lost, TABLES[0]);
  await stage.manage(`DELETE /v1/tokens/${removed.id}`, before);
  const ledger = await itemsOf(lost, TABLES[1]);
  const names = await secretsIn(lost.region);
  expect(names.size).toBe(4);
  expect(await secretsIn(ELSEWHERE)).toEqual(names);
  await lost.stop();
  lost = undefined;

  other = await Ministack.start({ ...secretsAt(), MINISTACK_REGION: ELSEWHERE });
  await restoreTable(other, TABLES[0], table);
  await restoreTable(other, TABLES[1], ledger);
  const certificate = DOMAIN.certificate.replace('eu-central-1', ELSEWHERE);
  const there = { ...DOMAIN, certificate, region: ELSEWHERE, multiRegionKey: 'on', replicaKey: REPLICA };
  const after = await stage.deploy(await stage.checkout(other), other, {
    parameters: there,
    args: ['--allow-change', 'table'],
  });
  expect((await logIn(after, kept.token)).status).toBe(503);
  expect((await logIn(after, removed.token)).status).toBe(503);

  const { Payload } = await other.aws('lambda', 'invoke', { FunctionName: 'pullpass-dev-restore' });
  expect(JSON.parse(Payload)).toMatchObject({ finished: true, served: true });
  await vi.waitFor(async () => expect((await logIn(after, kept.token)).status).not.toBe(503), 60_000);
  expect(await signedBy(await logIn(after, kept.token))).toEqual(signed);
  expect((await logIn(after, removed.token)).status).toBe(401);
});

it('the stack owns the restored tables, with all that its template gives a table', async () => {
  const region = other as Ministack;
  expect(new Set(Object.values(await ownedTables(region)))).toEqual(new Set(TABLES));
  const on = { protected: true, expires: 'expiresAt', recovery: 'ENABLED' };
  for (const name of TABLES) expect([name, await switchedOn(region, name)]).toEqual([name, on]);
});

it('cfn-lint finds nothing in the template of the copies', async () => {
  const template = join(PROJECT, 'deployment', 'copies.yml');
  const args = ['--regions', 'eu-central-1', 'us-east-1', '--template', template];
  expect(await run(tool('cfnLint'), args, { env: bareEnvironment(PROJECT) })).toMatchObject({
    code: 0,
    output: '',
  });
});
