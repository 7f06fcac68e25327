/** What the operator reads of upstreams, and what the registry proxy answers where a platform buffers answers. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { CONTEXT, eventOf } from '../support/events.ts';
import { linesOf } from '../support/logs.ts';
import { SERVICE } from '../support/records.ts';
import { answerManifest, DIGEST, MANIFEST, openUpstream, type TestUpstream } from '../support/upstream.ts';

const MANIFEST_PATH = '/v2/team-a/app/manifests/1.4';
const BLOB_PATH = `/v2/team-a/app/blobs/sha256:${'b'.repeat(64)}`;

let upstream: TestUpstream;
let deployment: Deployment;
let bearer: string;
beforeAll(async () => {
  upstream = await openUpstream();
  deployment = await deploy({
    services: [{ name: SERVICE.name, upstream: { url: upstream.url } }],
    environment: { PULLPASS_STAGE: 'test' },
  });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
  bearer = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
});
beforeEach(() => {
  upstream.answer = answerManifest;
});

/** The sums of a request that is answered like this by the upstream, and what it logs. */
async function when(answer: TestUpstream['answer'], path = MANIFEST_PATH) {
  upstream.answer = answer;
  const before = deployment.logs.length;
  const { status, headers, json } = await deployment.send(`GET ${path}`, { bearer });
  const lines = linesOf({ logs: deployment.logs.slice(before) });
  const sums =
    deployment.logs
      .slice(before)
      .map(line => JSON.parse(line))
      .find(line => '_aws' in line) ?? {};
  return { status, headers, json, sums, refusals: lines.filter(({ message }) => message === 'refused') };
}

describe('an upstream that refuses our login', () => {
  it.each([
    ['with 401', 401, { 'www-authenticate': 'Basic realm="r"' }, /answered with 401/],
    ['with 403', 403, {}, /answered with 403/],
    [
      'by a challenge that leads elsewhere',
      401,
      { 'www-authenticate': 'Bearer realm="https://evil.example/t"' },
      /evil\.example/,
    ],
  ])(
    '%s is 503 to the client, an error with its reason to the operator, and counted',
    async (_, status, headers, reason) => {
      const answer = await when((__, response) => response.writeHead(status, headers).end());
      expect(answer).toMatchObject({ status: 503, json: { errors: [{ code: 'UNAVAILABLE' }] } });
      expect(answer.headers).not.toHaveProperty('www-authenticate');
      expect(answer.refusals).toMatchObject([
        { level: 'ERROR', code: 'upstream-refused', reason: expect.stringMatching(reason) },
      ]);
      expect(answer.sums).toMatchObject({ UpstreamRefused: 1 });
      expect(answer.sums).not.toHaveProperty('UpstreamFailures');
      expect(answer.sums).not.toHaveProperty('Denials');
    },
  );
});

describe('an upstream that does not answer', () => {
  it.each<[string, TestUpstream['answer']]>([
    ['ends the connection', request => void request.socket.destroy()],
    ['answers with 500', (_, response) => response.writeHead(500).end()],
    ['answers with 503', (_, response) => response.writeHead(503).end()],
  ])('because it %s is 503, and counted as a failure', async (_, answer) => {
    const { status, sums } = await when(answer);
    expect([status, sums.UpstreamFailures, sums.UpstreamRefused]).toEqual([503, 1, undefined]);
  });

  it('is not one that knows no such thing, or is asked too often', async () => {
    for (const status of [404, 429]) {
      const { sums } = await when((_, response) => response.writeHead(status).end());
      expect([sums.UpstreamFailures, sums.UpstreamRefused]).toEqual([undefined, undefined]);
    }
  });
});

it('a manifest that is kept in memory is authorised and counted like any other, and refused once its token is removed', async () => {
  const alice = deployment.as(ALICE);
  const { id, token } = (await alice('POST /v1/tokens', { json: {} })).json;
  const own = (await deployment.logIn(token, 'repository:team-a/app:pull')).json.token;
  upstream.answer = (_, response) => {
    const headers = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' };
    response.writeHead(200, { ...headers, 'content-length': MANIFEST.length }).end(MANIFEST);
  };
  const pull = () => deployment.send(`GET /v2/team-a/app/manifests/${DIGEST}`, { bearer: own });
  upstream.asked.length = 0;
  for (let i = 0; i < 3; i++) expect((await pull()).status).toBe(200);
  expect(upstream.asked).toHaveLength(1);
  expect((await alice(`GET /v1/usage?token=${id}`)).json.usage).toMatchObject([{ pulls: 3 }]);
  await alice(`DELETE /v1/tokens/${id}`);
  expect((await pull()).status).toBe(401);
});

/** As the platform gets it. */
async function result(line: string) {
  return deployment.invoke(eventOf(line, { bearer }), CONTEXT);
}

describe('where answers are buffered', () => {
  it('a manifest and a layer are sent in base64, with their bytes', async () => {
    const manifest = await result(`GET ${MANIFEST_PATH}`);
    expect([manifest.isBase64Encoded, Buffer.from(manifest.body ?? '', 'base64').toString()]).toEqual([
      true,
      MANIFEST,
    ]);
    const bytes = Buffer.from([0, 255, 254, 128, 10]);
    upstream.answer = (_, response) => response.writeHead(200).end(bytes);
    const layer = await result(`GET ${BLOB_PATH}`);
    expect([layer.isBase64Encoded, Buffer.from(layer.body ?? '', 'base64').equals(bytes)]).toEqual([
      true,
      true,
    ]);
  });

  it.each([
    ['a manifest', MANIFEST_PATH],
    ['a layer', BLOB_PATH],
  ])('the answer to HEAD of %s is as long as it, because the platform counts its bytes', async (_, path) => {
    upstream.answer = (__, response) => {
      response.writeHead(200, { 'content-length': 1234, 'docker-content-digest': DIGEST }).end();
    };
    const { headers, body, isBase64Encoded } = await result(`HEAD ${path}`);
    expect(headers).toMatchObject({ 'content-length': '1234', 'docker-content-digest': DIGEST });
    expect([isBase64Encoded, Buffer.from(body ?? '', 'base64')]).toEqual([true, Buffer.alloc(1234)]);
  });

  it('the answer to HEAD of a layer that is too large for one answer has no body', async () => {
    upstream.answer = (_, response) => {
      response.writeHead(200, { 'content-length': 5_000_000_000 }).end();
    };
    const { statusCode, headers, body } = await result(`HEAD ${BLOB_PATH}`);
    expect([statusCode, headers?.['content-length'], body]).toEqual([200, '5000000000', undefined]);
  });

  it.each([
    ["https://bucket.s3.example/x?X-Amz-Signature=ab%2Fc%20d&response-content-disposition=a'b", undefined],
    ['https://BUCKET.example:443/a/../b', undefined],
    ['/storage/b', () => `${upstream.url}/storage/b`],
  ])('a redirect is passed on as it came: %s', async (location, expected) => {
    upstream.answer = (_, response) => response.writeHead(307, { location }).end();
    const { statusCode, headers } = await result(`GET ${BLOB_PATH}`);
    expect([statusCode, headers?.location]).toEqual([307, expected?.() ?? location]);
  });
});
