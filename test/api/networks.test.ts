/** Networks of tokens and trusts: what they let in, at every place where a secret is used, and what is said outside. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startGateway } from '../../local/gateway.ts';
import { grantOf } from '../support/claims.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { basicHeader, type Received, type Sent } from '../support/events.ts';
import { linesOf } from '../support/logs.ts';
import { audienceOf, openGitHub, type TestIssuer } from '../support/platforms.ts';
import { SERVICE } from '../support/records.ts';
import { answerManifest, openUpstream, type TestUpstream } from '../support/upstream.ts';

const NETWORKS = ['203.0.113.0/24', '2001:db8::/32'];
const INSIDE = ['203.0.113.7', '::ffff:203.0.113.7', '2001:db8:1::1'];
const OUTSIDE = ['192.0.2.1', '203.0.114.1', '2001:db9::1', 'fe80::1%eth0', 'unknown', ''];
const SCOPE = 'repository:team-a/app:pull';
const CLAIMS = { repository_id: '74', repository_owner_id: '65' };

let upstream: TestUpstream;
let github: TestIssuer;
let deployment: Deployment;
beforeAll(async () => {
  upstream = await openUpstream();
  upstream.answer = answerManifest;
  github = await openGitHub();
  deployment = await deploy({
    services: [{ name: SERVICE.name, upstream: { url: upstream.url } }],
    issuers: [github.entry],
  });
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
});
afterAll(async () => {
  await deployment.close();
  await upstream.close();
  await github.server.close();
});

async function added(json: object = { networks: NETWORKS }) {
  const answer = await deployment.as(ALICE)('POST /v1/tokens', { json });
  expect(answer.status).toBe(201);
  return answer.json;
}

const LOGIN = `GET /oauth/token?service=${SERVICE.name}&scope=${SCOPE}`;

const logIn = (password: string, sourceIp: string, userName = 'token') =>
  deployment.send(LOGIN, { basic: [userName, password], sourceIp });

const vend = (sent: Sent) => deployment.send('POST /v1/credentials', { json: {}, ...sent });

const exchange = (token: string, sourceIp: string) =>
  deployment.send('POST /oauth/token', {
    form: {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    },
    sourceIp,
  });

const pull = (bearer: string, sourceIp: string) =>
  deployment.send('GET /v2/team-a/app/manifests/1.4', { bearer, sourceIp });

/** All that the caller gets but what is different each time. */
function bytesOf({ status, headers, text }: Received): unknown {
  const { 'x-request-id': id = '', ...others } = headers;
  return [status, others, text.replaceAll(id, 'ID')];
}

const WRONG = `plp_${'0'.repeat(87)}`;

describe('a token with networks', () => {
  it.each(INSIDE)('logs in, vends and pulls from %s', async sourceIp => {
    const { token } = await added();
    const login = await logIn(token, sourceIp);
    expect(grantOf(login)).toEqual([SCOPE]);
    const vended = await vend({ bearer: token, sourceIp });
    expect(vended.status).toBe(201);
    expect((await exchange(token, sourceIp)).status).toBe(200);
    expect(grantOf(await logIn(vended.json.password, sourceIp))).toEqual([SCOPE]);
    expect((await pull(login.json.token, sourceIp)).status).toBe(200);
  });

  it.each(OUTSIDE)('is refused from %j like a wrong one, byte for byte', async sourceIp => {
    const { token, id } = await added();
    const inside = '203.0.113.7';
    const accessToken = (await logIn(token, inside)).json.token;
    const { password } = (await vend({ bearer: token, sourceIp: inside })).json;
    const { lastUsedAt } = (await deployment.as(ALICE)(`GET /v1/tokens/${id}`)).json;
    const pairs = [
      [await logIn(token, sourceIp), await logIn(WRONG, sourceIp)],
      [await logIn(password, sourceIp), await logIn(`${password.slice(0, -1)}_`, sourceIp)],
      [await vend({ bearer: token, sourceIp }), await vend({ bearer: WRONG, sourceIp })],
      [await exchange(token, sourceIp), await exchange(WRONG, sourceIp)],
    ] as const;
    for (const [outside, wrong] of pairs) {
      expect(outside.status).toBe(401);
      expect(bytesOf(outside)).toEqual(bytesOf(wrong));
    }
    const asked = upstream.asked.length;
    const pulled = await pull(accessToken, sourceIp);
    await deployment.as(ALICE)(`DELETE /v1/tokens/${id}`);
    expect(bytesOf(pulled)).toEqual(bytesOf(await pull(accessToken, sourceIp)));
    expect([pulled.status, upstream.asked.length]).toEqual([401, asked]);
    expect(lastUsedAt).not.toBeNull();
  });

  it('is refused with the reason in the log alone', async () => {
    const { token, id } = await added();
    deployment.wait(7200);
    await logIn(token, '192.0.2.1');
    expect(linesOf(deployment).at(-1)).toMatchObject({
      reason: `token ${id}: outside-networks`,
      denial: 'network-not-allowed',
      sourceAddress: '192.0.2.1',
    });
    expect((await deployment.as(ALICE)(`GET /v1/tokens/${id}`)).json).toMatchObject({
      lastUsedAt: null,
      lastUsed: null,
    });
  });

  it('says nothing of its end to who is outside', async () => {
    const { token, id } = await added();
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    await logIn(token, '192.0.2.1');
    expect(linesOf(deployment).at(-1)).toMatchObject({ denial: 'network-not-allowed' });
    await logIn(token, '203.0.113.7');
    expect(linesOf(deployment).at(-1)).toMatchObject({ denial: 'ended' });
  });

  it('binds credentials and pulls by its networks as they are now', async () => {
    const { token, id } = await added({});
    const { password } = (await vend({ bearer: token })).json;
    const accessToken = (await logIn(password, '192.0.2.1')).json.token;
    const change = (networks: readonly string[] | null) =>
      deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { networks } });
    const statuses = async () => [
      (await logIn(token, '192.0.2.1')).status,
      (await logIn(password, '192.0.2.1')).status,
      (await pull(accessToken, '192.0.2.1')).status,
    ];
    expect((await change(['203.0.113.0/24'])).json.networks).toEqual(['203.0.113.0/24']);
    expect(await statuses()).toEqual([401, 401, 401]);
    await change(['192.0.2.0/31']);
    expect(await statuses()).toEqual([200, 200, 200]);
    expect((await change(null)).json.networks).toBeNull();
    expect(await statuses()).toEqual([200, 200, 200]);
  });

  it('is shown to its holder, and rotated by it, from there alone', async () => {
    const { token } = await added({ networks: NETWORKS, selfRotate: true });
    const ask = (line: string, bearer: string, sourceIp: string) =>
      deployment.send(line, { bearer, sourceIp, ...(line.startsWith('POST') ? { json: {} } : {}) });
    for (const line of ['GET /v1/token', 'POST /v1/token/rotate']) {
      const outside = await ask(line, token, '192.0.2.1');
      expect([outside.status, bytesOf(outside)]).toEqual([401, bytesOf(await ask(line, WRONG, '192.0.2.1'))]);
    }
    expect((await ask('GET /v1/token', token, '203.0.113.7')).status).toBe(200);
    deployment.wait(3600);
    expect((await ask('POST /v1/token/rotate', token, '203.0.113.7')).status).toBe(200);
  });

  it('is ended from everywhere by who has it', async () => {
    const { token, id } = await added();
    await deployment.send('POST /oauth/revoke', { form: { token }, sourceIp: '192.0.2.1' });
    expect((await deployment.as(ALICE)(`GET /v1/tokens/${id}`)).json.disabled).toBe(true);
  });

  it('costs one read, as without', async () => {
    const { token } = await added();
    await logIn(token, '203.0.113.7');
    deployment.wire.requests.length = 0;
    await logIn(token, '203.0.113.7');
    await logIn(token, '192.0.2.1');
    const reads = deployment.wire.requests.filter(({ operation }) => /Get|Query/.test(operation));
    expect(reads).toHaveLength(2);
  });
});

describe('the networks of a body', () => {
  it.each<[string, unknown, string, string]>([
    [
      'a host in place of a network',
      ['10.0.0.1/8'],
      'networks[0]',
      'has bits after the first 8: write 10.0.0.0/8',
    ],
    [
      'IPv4 as IPv6',
      ['10.0.0.0/8', '::ffff:10.1.0.0/112'],
      'networks[1]',
      'is IPv4 and must be written so: 10.1.0.0/16',
    ],
    ['an address', ['10.0.0.1'], 'networks[0]', 'must be a network such as 10.0.0.1/32'],
    [
      'a zone',
      ['fe80::%eth0/64'],
      'networks[0]',
      'must be a network such as 203.0.113.0/24 or 2001:db8::/32',
    ],
    ['a name', ['localhost'], 'networks[0]', 'must be a network such as 203.0.113.0/24 or 2001:db8::/32'],
    ['a number', [10], 'networks[0]', 'must be a string'],
    ['none', [], 'networks', 'must hold at least one network; null means any address'],
    [
      'one that comes twice',
      ['2001:db8::/32', '2001:DB8:0::/32'],
      'networks',
      'must not hold a network twice',
    ],
    ['a text', '10.0.0.0/8', 'networks', 'must be a list of networks, or null'],
    [
      'seventeen',
      Array.from({ length: 17 }, (_, i) => `10.${i}.0.0/16`),
      'networks',
      'must hold at most 16 networks',
    ],
  ])('cannot be %s', async (_, networks, path, message) => {
    const alice = deployment.as(ALICE);
    const { id } = await added({});
    const trust = { issuer: 'github', claims: CLAIMS };
    for (const answer of [
      await alice('POST /v1/tokens', { json: { networks } }),
      await alice(`PATCH /v1/tokens/${id}`, { json: { networks } }),
      await alice('POST /v1/trusts', { json: { ...trust, networks } }),
    ]) {
      expect([answer.status, answer.json.errors]).toEqual([400, [{ path, message }]]);
    }
  });

  it('are up to sixteen, of either family, in one spelling', async () => {
    const networks = Array.from({ length: 14 }, (_, i) => `10.${i}.0.0/16`);
    const { json } = await deployment.as(ALICE)('POST /v1/tokens', {
      json: { networks: [...networks, '2001:DB8::/32', '0.0.0.0/0'] },
    });
    expect(json.networks).toEqual([...networks, '2001:db8::/32', '0.0.0.0/0']);
  });
});

describe('behind a trusted proxy', () => {
  it.each([
    ['the client that the proxy names', '198.51.100.1, 203.0.113.7', 200],
    ['no client to the left of it', '203.0.113.7, 198.51.100.1', 401],
    ['no client that the proxy does not know', 'unknown', 401],
    ['no client where the proxy names none', '', 401],
  ])('a login is good from %s', async (_, forwardedFor, status) => {
    const { token } = await added();
    const trustedProxies = ['127.0.0.1/32'];
    const gateway = await startGateway(deployment.invoke, { host: '127.0.0.1', port: 0, trustedProxies });
    const url = `http://127.0.0.1:${gateway.port}${LOGIN.slice('GET '.length)}`;
    const authorization = basicHeader(['token', token]);
    const headers = { authorization, ...(forwardedFor === '' ? {} : { 'x-forwarded-for': forwardedFor }) };
    expect((await fetch(url, { headers })).status).toBe(status);
    await gateway.close();
  });

  it('a client that is no proxy is not believed', async () => {
    const { token } = await added();
    const gateway = await startGateway(deployment.invoke, { host: '127.0.0.1', port: 0 });
    const headers = { authorization: basicHeader(['token', token]), 'x-forwarded-for': '203.0.113.7' };
    const url = `http://127.0.0.1:${gateway.port}${LOGIN.slice('GET '.length)}`;
    expect((await fetch(url, { headers })).status).toBe(401);
    await gateway.close();
  });
});

describe('a trust with networks', () => {
  const tokenOf = () => {
    const now = Math.floor(Date.now() / 1000);
    return github.token({ aud: audienceOf('dev:acme'), iat: now, nbf: now, exp: now + 300 });
  };
  const trust = async (facts: object) => {
    const json = { issuer: 'github', claims: CLAIMS, ...facts };
    const answer = await deployment.as(ALICE)('POST /v1/trusts', { json });
    expect([answer.status, answer.json.networks]).toEqual([
      201,
      (facts as { networks?: unknown }).networks ?? null,
    ]);
    return answer.json.id;
  };
  const remove = (id: string) => deployment.as(ALICE)(`DELETE /v1/trusts/${id}`);

  it('lets its workloads in from there, and gives nothing elsewhere, as if there were no trust', async () => {
    const token = tokenOf();
    const without = await logIn(token, '192.0.2.1', 'oidc');
    const refused = await vend({ basic: ['oidc', token], sourceIp: '192.0.2.1' });
    const id = await trust({ networks: NETWORKS });
    for (const sourceIp of INSIDE) expect(grantOf(await logIn(token, sourceIp, 'oidc'))).toEqual([SCOPE]);
    for (const sourceIp of OUTSIDE) {
      const outside = await logIn(token, sourceIp, 'oidc');
      expect([outside.status, grantOf(outside)]).toEqual([without.status, []]);
      expect(linesOf(deployment).at(-1)).toMatchObject({ missing: 'team-a/app:network-not-allowed' });
      expect(bytesOf(await vend({ basic: ['oidc', token], sourceIp }))).toEqual(bytesOf(refused));
      expect(linesOf(deployment).at(-1)).toMatchObject({ denial: 'network-not-allowed' });
    }
    await remove(id);
  });

  it('judges a credential by its networks', async () => {
    const id = await trust({ networks: NETWORKS });
    const vended = await vend({ basic: ['oidc', tokenOf()], sourceIp: '203.0.113.7' });
    const { password } = vended.json;
    expect(grantOf(await logIn(password, '2001:db8::1'))).toEqual([SCOPE]);
    expect((await logIn(password, '192.0.2.1')).status).toBe(401);
    expect(linesOf(deployment).at(-1)).toMatchObject({ denial: 'network-not-allowed' });
    await remove(id);
  });

  it('adds nothing to another trust of the workload', async () => {
    const ids = [
      await trust({ networks: NETWORKS, access: 'push', claims: { ...CLAIMS, ref: 'refs/heads/main' } }),
      await trust({}),
    ];
    const token = tokenOf();
    const scope = 'repository:team-a/app:pull,push';
    const given = async (sourceIp: string) =>
      grantOf(await deployment.send(LOGIN.replace(SCOPE, scope), { basic: ['oidc', token], sourceIp }));
    expect(await given('203.0.113.7')).toEqual([scope]);
    expect(await given('192.0.2.1')).toEqual([SCOPE]);
    for (const id of ids) await remove(id);
  });
});
