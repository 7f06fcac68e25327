/**
 * The registry proxy as it is deployed: the packaged function under Lambda's runtime, behind an HTTP API, in front of a registry
 * that takes ECR's password (moto gives it) and another one from Secrets Manager.
 */
import { hash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest';
import type { HttpResult } from '../../../lib/http/request.ts';
import { eventOf, received } from '../../support/events.ts';
import { callerOf } from '../../support/loopback-aws.ts';
import { newDirectory, removeDirectory } from '../support/directories.ts';
import { expectRefusal, expectSuccess } from '../support/expect.ts';
import { TAG } from '../support/image.ts';
import { DeployedPullpass } from '../support/lambda/deployed.ts';
import type { LambdaFunction } from '../support/lambda/function.ts';
import { freePort } from '../support/ports.ts';
import { LOGIN_REFUSED } from '../support/texts.ts';
import { PASSWORD, startUpstream, type Upstream, USER } from '../support/upstream.ts';
import { World } from '../support/world.ts';

const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:upstream';
/** What the function passes on in one answer. */
const MOST_BYTES = 4 * 1024 * 1024;

let upstream: Upstream;
/** Its layers are in S3. */
let redirecting: Upstream;
let world: World;
/** Two services at one port, told apart by the name under which clients reach it. */
let ecr: string;
let hosted: string;

beforeAll(async () => {
  [upstream, redirecting] = await Promise.all([
    startUpstream(),
    startUpstream('distribution with redirects'),
  ]);
  const files = await newDirectory('services');
  const PORT = `${await freePort()}`;
  [ecr, hosted] = [`localhost:${PORT}`, `127.0.0.1:${PORT}`];
  const services = join(files, 'services.json');
  const login = { username: USER, password: SECRET };
  await writeFile(
    services,
    JSON.stringify([
      {
        name: 'ecr',
        registry: ecr,
        upstream: { url: upstream.url, prefix: 'customers/', authentication: 'ecr' },
      },
      { name: 'hosted', registry: hosted, upstream: { url: redirecting.url, authentication: login } },
    ]),
  );
  const settings = { PULLPASS_SERVICES: services, PORT };
  world = await World.start({ registries: [], settings });
  const { others = '' } = inject('emulators') ?? {};
  const secret = { Name: 'upstream', SecretString: PASSWORD };
  await callerOf('secretsManager', others)('CreateSecret', secret);
  for (const repository of ['customers/team-a/app', 'customers/team-a/other']) {
    await upstream.put(await world.image(), repository);
  }
  await redirecting.put(await world.image(), 'team-a/hosted');
  return async () => {
    await world.stop();
    await Promise.all([upstream.stop(), redirecting.stop()]);
    await removeDirectory(files);
  };
});

async function loggedIn(name: 'docker' | 'skopeo', registry: string, token: string) {
  const client = await world.client(name);
  expectSuccess(await client.login(registry, 'token', token));
  return client;
}

/** Without its type a registry does not answer a manifest of OCI. */
const accept = 'application/vnd.oci.image.manifest.v1+json';

async function accessToken(service: string, repository: string): Promise<string> {
  const { token } = await world.pullpass.addToken({ repositories: [repository] });
  const scope = `repository:${repository}:pull`;
  return (await world.pullpass.logIn('token', token, { service, scope })).json.token;
}

describe.each(['docker', 'skopeo'] as const)('%s', name => {
  it('logs in and pulls what its token allows, and nothing else', async () => {
    const { token } = await world.pullpass.addToken({ repositories: ['team-a/app'] });
    const client = await loggedIn(name, ecr, token);
    expectSuccess(await client.pull(`${ecr}/team-a/app:${TAG}`));
    expect((await client.pull(`${ecr}/team-a/other:${TAG}`)).code).not.toBe(0);
    expect((await client.push(await world.image(), `${ecr}/team-a/app:v2`)).code).not.toBe(0);
  });

  it('cannot log in with a wrong value', async () => {
    const client = await world.client(name);
    expectRefusal(await client.login(ecr, 'token', `plp_${'0'.repeat(87)}`), LOGIN_REFUSED[name]);
  });

  it('pulls nothing more once its token was removed', async () => {
    const { id, token } = await world.pullpass.addToken({ repositories: ['team-a/*'] });
    const client = await loggedIn(name, ecr, token);
    expectSuccess(await client.pull(`${ecr}/team-a/app:${TAG}`));
    await world.pullpass.manage('DELETE', `/v1/tokens/${id}`);
    expect((await client.pull(`${ecr}/team-a/other:${TAG}`)).code).not.toBe(0);
  });
});

describe('a registry whose layers are in S3', () => {
  it.each(['docker', 'skopeo'] as const)('%s pulls: it fetches them from there', async name => {
    const { token } = await world.pullpass.addToken({ repositories: ['team-a/hosted'] });
    const client = await loggedIn(name, hosted, token);
    expectSuccess(await client.pull(`${hosted}/team-a/hosted:${TAG}`));
  });

  it('redirects to a presigned URL, which is passed on and not followed', async () => {
    const headers = { accept, authorization: `Bearer ${await accessToken('hosted', 'team-a/hosted')}` };
    const at = `http://${hosted}/v2/team-a/hosted`;
    const manifest = (await (await fetch(`${at}/manifests/${TAG}`, { headers })).json()) as Manifest;
    const [layer] = manifest.layers;
    const answer = await fetch(`${at}/blobs/${layer?.digest}`, { headers, redirect: 'manual' });
    const location = answer.headers.get('location') ?? '';
    expect([answer.status, location]).toEqual([307, expect.stringContaining('X-Amz-Signature=')]);
    expect((await (await fetch(location)).arrayBuffer()).byteLength).toBe(layer?.size);
  });
});

interface Manifest {
  readonly layers: readonly { readonly digest: string; readonly size: number }[];
}

describe('several services', () => {
  it('are told apart by the host: each has its own repositories', async () => {
    const { token } = await world.pullpass.addToken({ repositories: ['team-a/*'] });
    const skopeo = await world.client('skopeo');
    for (const registry of [ecr, hosted]) expectSuccess(await skopeo.login(registry, 'token', token));
    expectSuccess(await skopeo.pull(`${hosted}/team-a/hosted:${TAG}`));
    for (const other of [`${ecr}/team-a/hosted:${TAG}`, `${hosted}/team-a/app:${TAG}`]) {
      expect((await skopeo.pull(other)).code, other).not.toBe(0);
    }
  });

  it('take no access token of one another, and no other host leads to one of them', async () => {
    const bearer = await accessToken('ecr', 'team-a/app');
    const headers = { accept, authorization: `Bearer ${bearer}` };
    const path = `/v2/team-a/app/manifests/${TAG}`;
    expect((await fetch(`http://${ecr}${path}`, { headers })).status).toBe(200);
    const other = await fetch(`http://${hosted}${path}`, { headers });
    expect([other.status, other.headers.get('www-authenticate')]).toEqual([
      401,
      expect.stringContaining('service="hosted"'),
    ]);
    const unknown = await fetch(`http://[::1]:${ecr.split(':')[1]}${path}`, { headers }).catch(
      () => undefined,
    );
    expect([undefined, 404]).toContain(unknown?.status);
  });
});

function functionOf(name: string): LambdaFunction {
  const { pullpass } = world;
  if (!(pullpass instanceof DeployedPullpass)) throw new Error('These are tests of functions.');
  return pullpass.function(name);
}

/** Puts a blob of random bytes into the upstream, past every client. */
async function putBlob(bytes: Buffer, repository: string): Promise<string> {
  const digest = `sha256:${hash('sha256', bytes)}`;
  const headers = { authorization: `Basic ${btoa(`${USER}:${PASSWORD}`)}` };
  const begun = await fetch(`${upstream.url}/v2/${repository}/blobs/uploads/`, { method: 'POST', headers });
  const place = new URL(begun.headers.get('location') ?? '', upstream.url);
  place.searchParams.set('digest', digest);
  const stream = { ...headers, 'content-type': 'application/octet-stream' };
  const put = await fetch(place, { method: 'PUT', headers: stream, body: new Uint8Array(bytes) });
  expect(put.status).toBe(201);
  return digest;
}

describe('an answer', () => {
  it('of a layer has its bytes, up to what Lambda can answer, and above says what to change upstream', async () => {
    const bearer = await accessToken('ecr', 'team-a/app');
    const get = async (bytes: Buffer) => {
      const digest = await putBlob(bytes, 'customers/team-a/app');
      const headers = { authorization: `Bearer ${bearer}` };
      return fetch(`http://${ecr}/v2/team-a/app/blobs/${digest}`, { headers });
    };
    const most = randomBytes(MOST_BYTES);
    const whole = await get(most);
    expect([whole.status, Buffer.from(await whole.arrayBuffer()).equals(most)]).toEqual([200, true]);
    const larger = await get(randomBytes(MOST_BYTES + 1));
    expect([larger.status, await larger.json()]).toEqual([
      501,
      expect.objectContaining({
        errors: [{ code: 'UNSUPPORTED', message: expect.stringContaining('redirect to its storage') }],
      }),
    ]);
  });

  it('to HEAD has the length of the manifest, which clients rely on', async () => {
    const headers = { accept, authorization: `Bearer ${await accessToken('ecr', 'team-a/app')}` };
    const path = `http://${ecr}/v2/team-a/app/manifests/${TAG}`;
    const [head, get] = [await fetch(path, { method: 'HEAD', headers }), await fetch(path, { headers })];
    const length = String((await get.arrayBuffer()).byteLength);
    for (const { status, headers: sent } of [head, get]) {
      expect([status, sent.get('content-length')]).toEqual([200, length]);
      expect(sent.get('docker-content-digest')).toMatch(/^sha256:/);
    }
  });

  it('is 503 while AWS gives no login for the upstream, and that is an error and a metric to the operator', async () => {
    const denying = createServer((_, response) => {
      response.writeHead(400).end('{"__type":"AccessDeniedException"}');
    }).listen(0, '127.0.0.1');
    await once(denying, 'listening');
    const AWS_ENDPOINT_URL_ECR = `http://127.0.0.1:${(denying.address() as AddressInfo).port}`;
    const denied = functionOf('registry').like({ AWS_ENDPOINT_URL_ECR });
    onTestFinished(async () => {
      await denied.stop();
      denying.close();
    });
    const bearer = await accessToken('ecr', 'team-a/app');
    const event = eventOf(`GET /v2/team-a/app/manifests/${TAG}`, { bearer, headers: { host: ecr } });
    expect(received((await denied.invoke(event)) as HttpResult).status).toBe(503);
    expect(denied.log).toMatch(
      /"level":"ERROR","message":"refused".*"code":"upstream-refused".*AccessDeniedException/,
    );
    expect(denied.log).toContain('"UpstreamRefused":1');
  });

  it('needs no more memory than the function is given, the largest layer in base64 included', async () => {
    const { plan, instances } = functionOf('registry');
    expect(instances.size).toBeGreaterThan(0);
    const peaks = await Promise.all([...instances].map(instance => instance.peakBytes()));
    console.table({ registry: { MB: Math.ceil(Math.max(...peaks) / 1024 ** 2), of: plan.memoryMb } });
    expect(Math.max(...peaks)).toBeLessThanOrEqual(plan.memoryMb * 1024 ** 2);
  });

  it('was logged as a pull, and nothing that is secret was', () => {
    const { log } = functionOf('registry');
    expect(log).toContain('"message":"pulled"');
    expect(log).toContain('"Pulls":1');
    expect(log).not.toContain(PASSWORD);
    expect(log).not.toContain('auth-token');
  });
});
