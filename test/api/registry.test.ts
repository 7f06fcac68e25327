/** The registry proxy: who may pull what, what reaches the registry behind it, and what comes back. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, type Deployment, deploy, PUBLIC_URL } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { linesOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';
import { itemsOf } from '../support/stores.ts';
import { answerManifest, DIGEST, MANIFEST, openUpstream, type TestUpstream } from '../support/upstream.ts';

const BLOB = `sha256:${'b'.repeat(64)}`;
const MANIFEST_PATH = '/v2/team-a/app/manifests/1.4';

let upstream: TestUpstream;
let deployment: Deployment;
let token: { id: string; token: string };

beforeAll(async () => {
  upstream = await openUpstream();
  deployment = await deploy({
    services: [{ name: SERVICE.name, upstream: { url: upstream.url, prefix: 'customers/' } }],
  });
  const alice = deployment.as(ALICE);
  await alice('PUT /v1/namespaces/team-a');
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
});
beforeEach(async () => {
  upstream.answer = answerManifest;
  upstream.asked.length = 0;
  token = await newToken();
});

const newToken = async (json: object = {}) => (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;

async function accessToken(secret = token.token, scope = 'repository:team-a/app:pull'): Promise<string> {
  return (await deployment.logIn(secret, scope)).json.token;
}

async function pull(line = `GET ${MANIFEST_PATH}`, sent: Sent = {}): Promise<Received> {
  return deployment.send(line, { bearer: await accessToken(), ...sent });
}

const challenge = (more: string) =>
  `Bearer realm="${PUBLIC_URL}/oauth/token",service="localhost:5000"${more}`;

describe('a client without a good access token', () => {
  it.each([
    ['at /v2/', 'GET /v2/', ''],
    ['at a manifest', `GET ${MANIFEST_PATH}`, ',scope="repository:team-a/app:pull"'],
    ['at a blob', `HEAD /v2/team-a/app/blobs/${BLOB}`, ',scope="repository:team-a/app:pull"'],
    ['at a push', 'POST /v2/team-a/app/blobs/uploads/', ''],
  ])('is told where to log in: %s', async (_, line, scope) => {
    const { status, headers, json } = await deployment.send(line);
    expect([status, headers['www-authenticate']]).toEqual([401, challenge(scope)]);
    expect(json.errors[0].code).toBe('UNAUTHORIZED');
    expect(upstream.asked).toEqual([]);
  });

  it('is told so for Basic, for a registry token as Bearer, and for a token that is over', async () => {
    const over = await accessToken();
    deployment.wait(SERVICE.lifetimeSeconds + 61);
    for (const sent of [
      { basic: ['token', token.token] as const },
      { bearer: token.token },
      { bearer: over },
    ]) {
      const { status, headers } = await deployment.send(`GET ${MANIFEST_PATH}`, sent);
      expect(status).toBe(401);
      expect(headers['www-authenticate']).toContain(challenge(''));
    }
    expect(upstream.asked).toEqual([]);
  });
});

describe('a pull', () => {
  it('answers the manifest of the mapped repository, and nothing of the upstream but what clients need', async () => {
    const { status, headers, text } = await pull(undefined, {
      headers: { accept: 'application/vnd.oci.image.manifest.v1+json', cookie: 'a=b' },
    });
    expect([status, text]).toEqual([200, MANIFEST]);
    expect(headers).toMatchObject({
      'content-type': 'application/vnd.oci.image.manifest.v1+json',
      'docker-content-digest': DIGEST,
      etag: `"${DIGEST}"`,
      'docker-distribution-api-version': 'registry/2.0',
    });
    expect(headers).not.toHaveProperty('x-secret');
    const [asked] = upstream.asked;
    expect(asked).toMatchObject({ method: 'GET', url: '/v2/customers/team-a/app/manifests/1.4' });
    expect(asked?.headers).toMatchObject({ accept: 'application/vnd.oci.image.manifest.v1+json' });
    expect(new Set(Object.keys(asked?.headers ?? {}))).toEqual(
      new Set(['accept', 'accept-encoding', 'connection', 'host', 'user-agent']),
    );
  });

  it('is logged and counted once, as the GET of a manifest that is no index', async () => {
    const before = linesOf(deployment).filter(({ message }) => message === 'pulled').length;
    const bearer = await accessToken();
    await deployment.send(`HEAD ${MANIFEST_PATH}`, { bearer });
    upstream.answer = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/vnd.oci.image.index.v1+json' }).end('{}');
    await deployment.send(`GET ${MANIFEST_PATH}`, { bearer });
    upstream.answer = answerManifest;
    await deployment.send(`GET ${MANIFEST_PATH}`, { bearer, headers: { 'user-agent': 'crane/0.20' } });
    const pulled = linesOf(deployment)
      .filter(({ message }) => message === 'pulled')
      .slice(before);
    expect(pulled).toEqual([
      expect.objectContaining({
        repository: 'team-a/app',
        tag: '1.4',
        client: 'crane/0.20',
        subject: `token:${token.id}`,
        registryService: SERVICE.name,
      }),
    ]);
  });

  it('is a use of its token: of which value, from where and by what client', async () => {
    const alice = deployment.as(ALICE);
    const bearer = await accessToken();
    deployment.wait(1);
    await alice(`POST /v1/tokens/${token.id}/rotate`, { json: { graceSeconds: 3600 } });
    deployment.wait(2);
    const headers = { 'user-agent': 'containerd/2.1.3' };
    await deployment.send(`GET ${MANIFEST_PATH}`, { bearer, headers, sourceIp: '198.51.100.3' });
    const { lastUsed, previousValue } = (await alice(`GET /v1/tokens/${token.id}`)).json;
    expect([lastUsed, previousValue.lastUsed]).toEqual([
      null,
      {
        at: new Date(Date.now()).toISOString().replace('.000Z', 'Z'),
        ...{ address: '198.51.100.3', client: 'containerd/2.1.3', service: SERVICE.name },
      },
    ]);
  });

  describe('is counted', () => {
    const counted = async () =>
      (await itemsOf(deployment.table))
        .filter(({ pk, sk }) => pk.startsWith('usage#') && sk.includes(token.id))
        .map(({ sk, pulls }) => [sk, pulls]);
    const app = () => `2026-11-21#${token.id}#team-a/app`;

    it('for its day, token and repository, whether it was named by tag or digest, whole or as a range', async () => {
      await pull();
      await pull(`GET /v2/team-a/app/manifests/${DIGEST}`);
      upstream.answer = (request, response) => {
        response.statusCode = request.headers.range === undefined ? 200 : 206;
        response.setHeader('content-type', 'application/vnd.oci.image.manifest.v1+json').end(MANIFEST);
      };
      const all = await pull(undefined, { headers: { range: 'bytes=0-' } });
      expect([all.status, all.text]).toEqual([206, MANIFEST]);
      expect(await counted()).toEqual([[app(), 3]]);
    });

    it('with the token when a credential of it pulls', async () => {
      const sent = { bearer: token.token, json: {} };
      const credential = (await deployment.send('POST /v1/credentials', sent)).json.password;
      await deployment.send(`GET ${MANIFEST_PATH}`, { bearer: await accessToken(credential) });
      expect(await counted()).toEqual([[app(), 1]]);
    });

    it('exactly, of many at once', async () => {
      const bearer = await accessToken();
      const all = Array.from({ length: 100 }, () => deployment.send(`GET ${MANIFEST_PATH}`, { bearer }));
      expect((await Promise.all(all)).every(({ status }) => status === 200)).toBe(true);
      expect(await counted()).toEqual([[app(), 100]]);
    });

    it('up to the limit of its token, and the next is 429 until midnight', async () => {
      token = await newToken({ limits: { pullsPerDay: 3 } });
      const bearer = await accessToken();
      const send = (line = `GET ${MANIFEST_PATH}`) => deployment.send(line, { bearer });
      const answers = await Promise.all(Array.from({ length: 8 }, () => send()));
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 200, 200, 429, 429, 429, 429, 429]);
      const { status, headers, json } = await send('GET /v2/team-a/app/manifests/other');
      const untilMidnight = String(86_400 - ((Date.now() / 1000) % 86_400));
      expect([status, json.errors[0].code, headers['retry-after']]).toEqual([
        429,
        'TOOMANYREQUESTS',
        untilMidnight,
      ]);
      expect(json.errors[0].message).toContain('3 times a day');
      expect((await send(`HEAD ${MANIFEST_PATH}`)).status).toBe(200);
      expect(await counted()).toEqual([
        [app(), 3],
        [`limit#2026-11-21#${token.id}`, 3],
      ]);
      await deployment.as(ALICE)(`PATCH /v1/tokens/${token.id}`, { json: { limits: { pullsPerDay: 4 } } });
      expect([(await send()).status, (await send()).status]).toEqual([200, 429]);
      await deployment.as(ALICE)(`PATCH /v1/tokens/${token.id}`, { json: { limits: null } });
      expect((await send()).status).toBe(200);
    });

    it('and nothing else is: no HEAD, index, layer, list, refusal, or manifest that the client has', async () => {
      await pull(`HEAD ${MANIFEST_PATH}`);
      await pull(`GET /v2/team-a/app/blobs/${BLOB}`);
      await pull('GET /v2/other/app/manifests/1');
      for (const [status, type] of [
        [200, 'application/vnd.oci.image.index.v1+json'],
        [200, 'application/vnd.docker.distribution.manifest.list.v2+json'],
        [304, 'application/vnd.oci.image.manifest.v1+json'],
        [404, 'application/json'],
        [500, 'application/vnd.oci.image.manifest.v1+json'],
      ] as const) {
        upstream.answer = (_, response) => response.writeHead(status, { 'content-type': type }).end();
        await pull();
      }
      expect(await counted()).toEqual([]);
    });

    it('before it is answered: one that cannot be counted is 503', async () => {
      const bearer = await accessToken();
      deployment.wire.cut = ({ body }) => body.includes('usage#');
      const { status, json, text } = await deployment.send(`GET ${MANIFEST_PATH}`, { bearer });
      deployment.wire.cut = () => false;
      expect([status, json.errors[0].code]).toEqual([503, 'UNAVAILABLE']);
      expect(text).not.toContain('schemaVersion');
      expect(await counted()).toEqual([]);
    });
  });

  it('of a blob passes the redirect on, as it came, and does not follow it', async () => {
    const location = 'https://storage.example/blob?X-Amz-Signature=abc%2F';
    upstream.answer = (_, response) => response.writeHead(307, { location }).end();
    const { status, headers } = await pull(`GET /v2/team-a/app/blobs/${BLOB}`);
    expect([status, headers.location]).toEqual([307, location]);
    expect(upstream.asked).toHaveLength(1);
  });

  it('of a blob that the upstream sends itself answers its bytes, also a range of them', async () => {
    upstream.answer = ({ headers: { range } }, response) =>
      response
        .writeHead(range === undefined ? 200 : 206, {
          'content-type': 'application/octet-stream',
          ...(range === undefined ? {} : { 'content-range': 'bytes 0-1/5' }),
        })
        .end(range === undefined ? 'bytes' : 'by');
    expect((await pull(`GET /v2/team-a/app/blobs/${BLOB}`)).text).toBe('bytes');
    const part = await pull(`GET /v2/team-a/app/blobs/${BLOB}`, { headers: { range: 'bytes=0-1' } });
    expect([part.status, part.text, part.headers['content-range']]).toEqual([206, 'by', 'bytes 0-1/5']);
  });

  it('of a blob that does not fit into an answer of Lambda says what to switch on', async () => {
    upstream.answer = (_, response) =>
      response
        .writeHead(200, { 'content-type': 'application/octet-stream' })
        .end(Buffer.alloc(4 * 1024 * 1024 + 1));
    const { status, json } = await pull(`GET /v2/team-a/app/blobs/${BLOB}`);
    expect([status, json.errors[0].code]).toEqual([501, 'UNSUPPORTED']);
    expect(json.errors[0].message).toContain('redirect');
  });

  it('of tags and referrers maps names and the next page back, and passes on only what lists are cut with', async () => {
    upstream.answer = (_, response) =>
      response
        .writeHead(200, {
          'content-type': 'application/json',
          link: '</v2/customers/team-a/app/tags/list?n=1&last=1.4>; rel="next"',
        })
        .end('{"name":"customers/team-a/app","tags":["1.4"]}');
    const { json, headers } = await pull('GET /v2/team-a/app/tags/list?n=1&x=/../y');
    expect(json).toEqual({ name: 'team-a/app', tags: ['1.4'] });
    expect(headers.link).toBe('</v2/team-a/app/tags/list?n=1&last=1.4>; rel="next"');
    await pull(`GET /v2/team-a/app/referrers/${DIGEST}?artifactType=application/vnd.example%2Bjson`);
    expect(upstream.asked.map(({ url }) => url)).toEqual([
      '/v2/customers/team-a/app/tags/list?n=1',
      `/v2/customers/team-a/app/referrers/${DIGEST}?artifactType=application%2Fvnd.example%2Bjson`,
    ]);
  });

  it('whose manifest is not what its digest says is not answered', async () => {
    upstream.answer = (_, response) =>
      response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
    expect((await pull(`GET /v2/team-a/app/manifests/${DIGEST}`)).status).toBe(503);
    upstream.answer = (_, response) => response.writeHead(200, { 'docker-content-digest': DIGEST }).end('{}');
    expect((await pull()).status).toBe(503);
  });
});

describe('a pull is refused', () => {
  const refused = async (bearer: string, line = `GET ${MANIFEST_PATH}`) => {
    upstream.asked.length = 0;
    const { status, headers } = await deployment.send(line, { bearer });
    expect(upstream.asked).toEqual([]);
    return [status, /error="(\w+)"/.exec(headers['www-authenticate'] ?? '')?.[1]];
  };
  const change = (json: object) => deployment.as(ALICE)(`PATCH /v1/tokens/${token.id}`, { json });

  it.each<[string, () => Promise<unknown>, string]>([
    ['removed', () => deployment.as(ALICE)(`DELETE /v1/tokens/${token.id}`), 'invalid_token'],
    ['disabled', () => change({ disabled: true }), 'invalid_token'],
    [
      'rotated',
      () => deployment.as(ALICE)(`POST /v1/tokens/${token.id}/rotate`, { json: {} }),
      'invalid_token',
    ],
    ['narrowed', () => change({ repositories: ['team-a/other'] }), 'insufficient_scope'],
    [
      'revoked by its holder',
      () => deployment.send('POST /oauth/revoke', { form: { token: token.token } }),
      'invalid_token',
    ],
  ])('at the next request, when the token was %s', async (_, end, error) => {
    const bearer = await accessToken();
    expect((await deployment.send(`GET ${MANIFEST_PATH}`, { bearer })).status).toBe(200);
    await end();
    expect(await refused(bearer)).toEqual([401, error]);
    expect(await refused(bearer, `GET /v2/team-a/app/blobs/${BLOB}`)).toEqual([401, error]);
  });

  it('at the next request, when the namespace was released', async () => {
    await deployment.as(ALICE)('PUT /v1/namespaces/brief');
    const bearer = await accessToken(token.token, 'repository:brief/app:pull');
    expect((await deployment.send('GET /v2/brief/app/manifests/1', { bearer })).status).toBe(200);
    await deployment.as(ALICE)('DELETE /v1/namespaces/brief');
    expect(await refused(bearer, 'GET /v2/brief/app/manifests/1')).toEqual([401, 'insufficient_scope']);
  });

  it('at the next request, when the token has expired, although the access token lives on', async () => {
    const { token: secret } = await newToken({ expiresInSeconds: 60 });
    const bearer = await accessToken(secret);
    deployment.wait(61);
    expect((await refused(bearer))[0]).toBe(401);
  });

  it('at the next request, when the credential, or the token behind it, was ended', async () => {
    const vend = async () =>
      (await deployment.send('POST /v1/credentials', { bearer: token.token, json: {} })).json.password;
    const [one, two] = [await vend(), await vend()];
    const [first, second] = [await accessToken(one), await accessToken(two)];
    await deployment.send('POST /oauth/revoke', { form: { token: one } });
    expect(await refused(first)).toEqual([401, 'invalid_token']);
    expect((await deployment.send(`GET ${MANIFEST_PATH}`, { bearer: second })).status).toBe(200);
    await deployment.as(ALICE)(`DELETE /v1/tokens/${token.id}`);
    expect(await refused(second)).toEqual([401, 'invalid_token']);
  });

  it('in a repository that the login was not for, and in those of others', async () => {
    const bearer = await accessToken();
    for (const name of ['team-a/other', 'rival/app']) {
      expect(await refused(bearer, `GET /v2/${name}/manifests/1`)).toEqual([401, 'insufficient_scope']);
    }
    const asked = await accessToken(token.token, 'repository:rival/app:pull');
    expect(await refused(asked, 'GET /v2/rival/app/manifests/1')).toEqual([401, 'insufficient_scope']);
  });
});

describe('a push, or anything else that is no pull', () => {
  it.each([
    'POST /v2/team-a/app/blobs/uploads/',
    `PUT ${MANIFEST_PATH}`,
    `DELETE ${MANIFEST_PATH}`,
    'GET /v2/_catalog',
    `POST /v2/team-a/app/blobs/${BLOB}`,
  ])('is 405 and reaches no one: %s', async line => {
    const { status, json } = await pull(line);
    expect([status, json]).toEqual([
      405,
      { errors: [{ code: 'UNSUPPORTED', message: 'This registry is for pulling.' }] },
    ]);
    expect(upstream.asked).toEqual([]);
  });
});

describe('what the upstream refuses', () => {
  it.each([
    [404, `GET ${MANIFEST_PATH}`, 404, 'MANIFEST_UNKNOWN'],
    [404, `GET /v2/team-a/app/blobs/${BLOB}`, 404, 'BLOB_UNKNOWN'],
    [404, 'GET /v2/team-a/app/tags/list', 404, 'NAME_UNKNOWN'],
    [429, `GET ${MANIFEST_PATH}`, 429, 'TOOMANYREQUESTS'],
    [500, `GET ${MANIFEST_PATH}`, 503, 'UNAVAILABLE'],
    [403, `GET ${MANIFEST_PATH}`, 503, 'UNAVAILABLE'],
    [401, `GET ${MANIFEST_PATH}`, 503, 'UNAVAILABLE'],
    [302, `GET ${MANIFEST_PATH}`, 503, 'UNAVAILABLE'],
    [416, `GET /v2/team-a/app/blobs/${BLOB}`, 416, 'UNSUPPORTED'],
  ])('with %i at %s is %i %s, without its words', async (answered, line, status, code) => {
    upstream.answer = (_, response) =>
      response
        .writeHead(answered, {
          'www-authenticate': 'Basic realm="secret"',
          location: 'https://elsewhere.example/',
        })
        .end('{"errors":[{"message":"secret"}]}');
    const received = await pull(line);
    expect([received.status, received.json.errors[0].code]).toEqual([status, code]);
    expect(JSON.stringify(received)).not.toContain('secret');
  });

  it('is no answer to HEAD but a status', async () => {
    upstream.answer = (_, response) => response.writeHead(404).end();
    expect((await pull(`HEAD ${MANIFEST_PATH}`)).status).toBe(404);
  });
});
