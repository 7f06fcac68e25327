/** Who the caller was authenticated as, and why that gives what it gives. */
import { afterEach, describe, expect, it } from 'vitest';
import { ALICE, BOB, type Deployment, deploy, MALLORY } from '../support/deployment.ts';
import { audienceOf } from '../support/platforms.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

const identityOf = (who: string) => deployment.as(who)('GET /v1/identity');

describe('GET /v1/identity', () => {
  it('tells an administrator what the configuration made of them, and what workloads have to say', async () => {
    deployment = await deploy();
    const { status, json } = await identityOf(ALICE);
    expect(status).toBe(200);
    expect(json).toEqual({
      kind: 'iamapikey',
      issuer: 'dev',
      account: 'dev:acme',
      subject: 'dev:alice',
      strength: 'strong',
      expiresAt: null,
      roles: [{ role: 'administrator', repositories: null, source: 'configuration' }],
      workloadAudience: audienceOf('dev:acme'),
    });
    expect((await identityOf(BOB)).json.workloadAudience).toBe(audienceOf('dev:rival'));
  });

  it('answers every identity of the IAM, also one without a role', async () => {
    deployment = await deploy();
    const { status, json } = await identityOf(MALLORY);
    expect([status, json.account, json.subject, json.roles]).toEqual([200, 'dev:acme', 'dev:mallory', []]);
  });

  it('tells which policy gives which role', async () => {
    deployment = await deploy();
    const add = async (json: object) => {
      // Identifiers sort by the time they were made, and the clock is stopped otherwise.
      deployment.wait(1);
      return (await deployment.as(ALICE)('POST /v1/policies', { json })).json.id;
    };
    const reader = await add({ subject: '*', role: 'reader' });
    const writer = await add({ subject: 'mallory', role: 'writer', repositories: ['team-a/*'] });
    await add({ subject: 'eve', role: 'manager' });
    expect((await identityOf(MALLORY)).json.roles).toEqual([
      { role: 'reader', repositories: null, source: { policy: reader } },
      { role: 'writer', repositories: ['team-a/*'], source: { policy: writer } },
    ]);
    expect((await identityOf(BOB)).json.roles).toEqual([
      { role: 'administrator', repositories: null, source: 'configuration' },
    ]);
  });

  it('tells when a token ends', async () => {
    deployment = await deploy();
    const bearer = await deployment.bearerOf(MALLORY);
    const { json } = await deployment.send('GET /v1/identity', { bearer });
    expect([json.kind, json.expiresAt]).toEqual(['iambearer', '2026-11-21T08:00:00Z']);
  });

  it.each([
    ['a caller without credentials', {}],
    ['an anonymous caller', { basic: ['', ''] as const }],
    ['a caller with an unknown API key', { basic: ['iamapikey', 'x'.repeat(43)] as const }],
  ])('tells %s nothing', async (_, sent) => {
    deployment = await deploy();
    expect((await deployment.send('GET /v1/identity', sent)).status).toBe(401);
  });

  it('tells the holder of a registry token nothing', async () => {
    deployment = await deploy();
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    for (const sent of [{ bearer: token }, { basic: ['token', token] as const }]) {
      const { status, json } = await deployment.send('GET /v1/identity', sent);
      expect([status, json.code]).toEqual([403, 'not-an-administrator-credential']);
    }
  });
});

describe('a proof that others could replay', () => {
  const STRONG = [
    'GET /v1/tokens/ID/value',
    'POST /v1/policies',
    'DELETE /v1/policies/ID',
    'POST /v1/trusts',
    'DELETE /v1/trusts/ID',
  ];
  const OTHERS = [
    'GET /v1/tokens',
    'POST /v1/tokens',
    'GET /v1/policies',
    'GET /v1/trusts',
    'GET /v1/namespaces',
    'PUT /v1/namespaces/team-b',
    'GET /v1/identity',
  ];
  const ID = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';
  const statusOf = async (line: string) => {
    const bearer = await deployment.bearerOf(ALICE);
    return (await deployment.send(line.replace('ID', ID), { bearer, json: {} })).status;
  };

  it('may manage nothing, and GET /v1/identity says so', async () => {
    deployment = await deploy({ weakIam: true });
    for (const line of [...STRONG, ...OTHERS]) expect([line, await statusOf(line)]).toEqual([line, 403]);
    const answer = await deployment.send('GET /v1/tokens', { bearer: await deployment.bearerOf(ALICE) });
    expect(answer.json.detail).toBe(
      'This proof can be replayed by other services; use an API key, or a token made for this audience.',
    );
  });

  it('reads no values and changes no rules even where the operator accepts it', async () => {
    deployment = await deploy({ weakIam: true, environment: { PULLPASS_WEAK_MANAGEMENT: 'accept-replay' } });
    for (const line of STRONG) expect([line, await statusOf(line)]).toEqual([line, 403]);
    for (const line of OTHERS)
      expect([line, await statusOf(line)]).toEqual([line, line.startsWith('P') ? 201 : 200]);
  });

  it('logs in', async () => {
    deployment = await deploy({ weakIam: true });
    const basic = ['iambearer', await deployment.bearerOf(ALICE)] as const;
    expect((await deployment.send('GET /oauth/token', { basic })).status).toBe(200);
  });
});
