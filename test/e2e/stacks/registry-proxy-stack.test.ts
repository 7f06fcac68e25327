/**
 * The registry proxy of a deployed stack, on ministack: its function with its role and its routes, in front of the emulated ECR and
 * behind the emulated HTTP API, neither of which is our own. moto's STS knows the administrator.
 */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type Credentials, presign } from '../../support/presigned.ts';
import { bareEnvironment } from '../support/directories.ts';
import { makeImage } from '../support/image.ts';
import { Checkout } from '../support/ministack/checkout.ts';
import { MINISTACK_REGION, Ministack } from '../support/ministack/ministack.ts';
import { MOTO_ACCOUNT, Moto } from '../support/moto.ts';
import { run } from '../support/processes.ts';
import { tool } from '../support/tools.ts';

const SERVICE = 'pull.example.com';
const ADMINISTRATOR = `arn:aws:iam::${MOTO_ACCOUNT}:user/ops/alice`;
const accept = 'application/vnd.oci.image.manifest.v1+json';

let moto: Moto;
let ministack: Ministack;
let checkout: Checkout;
let alice: Credentials;
let base: string;
let url: string;
let proofs = 0;

beforeAll(async () => {
  [moto, ministack] = await Promise.all([Moto.start(), Ministack.start()]);
  alice = await moto.user('/ops/', 'alice');
  checkout = await Checkout.make(ministack);
  await checkout.addStage('dev', { administrators: [`aws:aws:${MOTO_ACCOUNT}:${ADMINISTRATOR}`] });
  await checkout.edit('deployment/issuers.json', text =>
    text.replace('"kind": "aws"', `"kind": "aws", "endpoint": "${moto.url}"`),
  );
  const upstream = { url: ministack.endpoint, prefix: 'customers/', authentication: 'ecr' };
  await checkout.edit('deployment/services.json', () => JSON.stringify([{ name: SERVICE, upstream }]));
  ({ Url: url = '' } = await checkout.deploy());
  base = ministack.apiUrl(/^https:\/\/(\w+)\.execute-api\./.exec(url)?.[1] ?? '');
  await put('customers/team-a/app');
}, 240_000);
afterAll(async () => {
  await checkout?.remove();
  await Promise.all([ministack?.stop(), moto?.stop()]);
});

async function put(repositoryName: string): Promise<void> {
  await ministack.aws('ecr', 'create_repository', { repositoryName });
  const { layout } = await makeImage(`${checkout.directory}/image`);
  const target = `docker://${new URL(ministack.endpoint).host}/${repositoryName}:v1`;
  const args = ['copy', '--insecure-policy', '--dest-tls-verify=false', `oci:${layout}:v1`, target];
  const { code, output } = await run(tool('skopeo'), args, { env: bareEnvironment('/tmp') });
  if (code !== 0) throw new Error(output);
}

/** A management request by the administrator, with a proof that is good once. */
async function manage(method: string, path: string, body?: object) {
  proofs += 1;
  const proof = await presign(alice, {
    host: `sts.${MINISTACK_REGION}.amazonaws.com`,
    region: MINISTACK_REGION,
    query: { Action: 'GetCallerIdentity', Version: '2011-06-15' },
    headers: { 'x-pullpass-server-id': url },
    expiresIn: 300 - proofs,
    signedAtMs: Date.now(),
  });
  const headers = { authorization: `Basic ${btoa(`awsiam:${proof}`)}`, 'content-type': 'application/json' };
  const answer = await fetch(`${base}${path}`, {
    method,
    headers,
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return text === '' ? undefined : JSON.parse(text);
}

it('a client without a login is told by the routes of the stack where to log in', async () => {
  for (const [path, scope] of [
    ['/v2/', ''],
    ['/v2/team-a/app/manifests/v1', ',scope="repository:team-a/app:pull"'],
  ]) {
    const answer = await fetch(`${base}${path}`);
    expect([path, answer.status, answer.headers.get('www-authenticate')]).toEqual([
      path,
      401,
      `Bearer realm="${url}/oauth/token",service="${SERVICE}"${scope}`,
    ]);
  }
});

it('a partner pulls with a registry token, is counted, and pulls nothing more once it is removed', async () => {
  await manage('PUT', '/v1/namespaces/team-a');
  const { id, token } = await manage('POST', '/v1/tokens', { repositories: ['team-a/app'] });
  const query = `service=${SERVICE}&scope=repository:team-a/app:pull`;
  const basic = { authorization: `Basic ${btoa(`token:${token}`)}` };
  const login = (await (await fetch(`${base}/oauth/token?${query}`, { headers: basic })).json()) as {
    token: string;
  };
  const headers = { accept, authorization: `Bearer ${login.token}` };
  const get = (path: string) => fetch(`${base}/v2/team-a/${path}`, { headers });

  const manifest = await get('app/manifests/v1');
  expect([manifest.status, manifest.headers.get('content-type')]).toEqual([200, accept]);
  const { layers } = (await manifest.json()) as { layers: { digest: string; size: number }[] };
  const layer = await get(`app/blobs/${layers[0]?.digest}`);
  expect([layer.status, (await layer.arrayBuffer()).byteLength]).toEqual([200, layers[0]?.size]);
  expect((await get('other/manifests/v1')).status).toBe(401);
  const { usage } = await manage('GET', `/v1/usage?token=${id}`);
  expect(usage).toMatchObject([{ repository: 'team-a/app', pulls: 1 }]);

  await manage('DELETE', `/v1/tokens/${id}`);
  expect((await get('app/manifests/v1')).status).toBe(401);
});
