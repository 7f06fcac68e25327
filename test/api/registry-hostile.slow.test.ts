/** Hostile paths, queries and headers at the registry proxy, also that of the host: none reaches anything upstream but what it names itself, and none is a failure of ours. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { toSeconds } from '../../lib/domain/time.ts';
import { fileKeyStore } from '../../lib/signing/key-store.ts';
import { maintainRing } from '../../lib/signing/ring-rotation.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { randomFrom } from '../support/random.ts';
import { SERVICE } from '../support/records.ts';
import { DIGEST, openUpstream, type TestUpstream } from '../support/upstream.ts';

const OTHERS = { name: 'others.example', registry: 'others.example' };
const REQUESTS = 6_000;
const REMOVALS = 1_000;

let upstream: TestUpstream;
/** Behind another service of the deployment. */
let others: TestUpstream;
let deployment: Deployment;
beforeAll(async () => {
  [upstream, others] = [await openUpstream(), await openUpstream()];
  deployment = await deploy({
    services: [
      { name: SERVICE.name, upstream: { url: upstream.url, prefix: 'customers/' } },
      { name: OTHERS.name, upstream: { url: others.url } },
    ],
  });
  const keys = fileKeyStore(join(deployment.directory, 'keys'));
  await maintainRing({ ...SERVICE, ...OTHERS }, keys, toSeconds(Date.now()));
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
  await others.close();
});

const NAMES = [
  'team-a/app',
  'team-a/app',
  'team-a/other',
  'team-b/app',
  'app',
  'Team-A/app',
  'team-a/../team-b',
  'team-a/./app',
  'team-a//app',
  '../team-a/app',
  'team-a/app/',
  'team-a/%61pp',
  'team-a/app%2f..%2fx',
  'team-a/app?x=',
  'team-a/app#',
  'team-a\\app',
  'team-a/app:80',
  '@evil.example',
  'team-a/ap\u0000p',
  'team-a/äpp',
  'http://evil.example/team-a/app',
  'library/../customers/team-a/app',
];
const KINDS = [
  'manifests',
  'manifests',
  'blobs',
  'referrers',
  'tags',
  'uploads',
  'Manifests',
  '_catalog',
  '',
];
const REFERENCES = [
  '1.4',
  DIGEST,
  'list',
  '..',
  '.',
  '',
  '1.4/../../x',
  '%2e%2e',
  'sha256:',
  `sha256:${'A'.repeat(64)}`,
  `${DIGEST}x`,
  `md5:${'0'.repeat(32)}`,
  'a'.repeat(200),
  '-1',
  '1.4?n=1',
  '1.4;x',
  '1.4\r\nX: y',
  '::1',
  '*',
];
const QUERIES = [
  '',
  '',
  '?n=5',
  '?last=1.4',
  '?n=5&last=../..',
  '?n=-1',
  '?n=1&n=2',
  '?artifactType=a/b',
  '?artifactType=%00',
  '?x=1',
  '?n=%zz',
  '?last=%2F..%2F..',
  `?last=${'a'.repeat(600)}`,
  '?ns=evil.example',
  '?from=team-b/app&mount=x',
];
const HOSTS = [
  'localhost:5000',
  'evil.example',
  '',
  'localhost:5000@evil.example',
  'evil.example:80/..',
  'LOCALHOST:5000',
  'others.example',
  'others.example:443',
  'localhost:5000, others.example',
  'localhost:5000\u0000.others.example',
  'x'.repeat(4000),
  '[::1]:5000',
];
const HERE = { host: SERVICE.name };
const METHODS = ['GET', 'GET', 'GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'get', 'TRACE'];
const ACCEPTS = ['*/*', 'application/vnd.oci.image.manifest.v1+json', 'x'.repeat(4000), ''];

it(`${REQUESTS} hostile requests reach only what they name, under the prefix, and get no 5xx`, async () => {
  const random = randomFrom(1);
  const pick = <T>(of: readonly T[]): T => of[random(of.length)] as T;
  // Mostly good parts: a request with several bad ones is refused for the first.
  const mostly = <T>(good: T, of: readonly T[]): T => (random(3) > 0 ? good : pick(of));
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const bearer = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
  let reached = 0;
  for (let i = 0; i < REQUESTS; i++) {
    const name = mostly('team-a/app', NAMES);
    const [method, kind, reference] = [
      mostly('GET', METHODS),
      mostly('manifests', KINDS),
      mostly('1.4', REFERENCES),
    ];
    const path = `/v2/${name}/${kind}/${reference}`;
    upstream.asked.length = 0;
    const line = `${method} ${path.replaceAll(' ', '%20')}${pick(QUERIES)}`;
    const headers = {
      host: mostly('localhost:5000', HOSTS),
      accept: pick(ACCEPTS),
      'x-forwarded-host': 'evil.example',
      range: 'bytes=0-',
    };
    const { status } = await deployment.send(line, { bearer, headers });
    expect(status, line).toBeLessThan(500);
    for (const { method: asked, url, headers: sent } of upstream.asked) {
      reached += 1;
      expect(['GET', 'HEAD'], line).toContain(asked);
      // Only what is granted, for every request.
      expect(url.split('?', 1).join(''), line).toBe(
        `/v2/customers/team-a/app${path.slice('/v2/team-a/app'.length).split('?', 1).join('')}`,
      );
      expect(url.split('?')[1] ?? '', line).toMatch(
        /^(?:(?:n=\d{1,5}|last=[\w.%-]+|artifactType=[\w%.+-]+)(?:&|$))*$/,
      );
      expect(sent.host, line).toBe(new URL(upstream.url).host);
      expect(sent.authorization, line).toBeUndefined();
    }
  }
  expect(reached).toBeGreaterThan(500);
  expect(others.asked).toEqual([]);
});

it(`of ${REMOVALS} tokens that are removed between two requests, none gets an answer to the second`, async () => {
  for (let i = 0; i < REMOVALS; i++) {
    const { id, token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    const bearer = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
    const pull = () => deployment.send('GET /v2/team-a/app/manifests/1.4', { bearer, headers: HERE });
    expect((await pull()).status).toBe(200);
    await deployment.as(ALICE)(`DELETE /v1/tokens/${id}`);
    expect((await pull()).status).toBe(401);
  }
});
