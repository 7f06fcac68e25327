/** Two issuers whose accounts, subjects and keys have the same names: neither ever reaches what is the other's. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signToken } from '../iam/tokens.ts';
import { claimsOf, grantOf } from '../support/claims.ts';
import { type Deployment, deploy } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { audienceOf, openGitHub, openIam, type TestIssuer } from '../support/platforms.ts';

const NAMES = ['one', 'two'] as const;
type Name = (typeof NAMES)[number];
const PAIRS = [
  ['one', 'two'],
  ['two', 'one'],
] as const;
const KEY = 'a-key-for-idempotency';

let deployment: Deployment;
let iams: Record<Name, TestIssuer>;
let platforms: Record<Name, TestIssuer>;
/** What each one's Alice made. */
const things: Record<Name, { token: string; id: string; policy: string; trust: string }> = {
  one: { token: '', id: '', policy: '', trust: '' },
  two: { token: '', id: '', policy: '', trust: '' },
};

const as = (name: Name, line: string, sent: Sent = {}): Promise<Received> =>
  deployment.send(line, { bearer: iams[name].token(), ...sent });
const namespace = (name: Name) => `of-${name}`;
const SCOPES = NAMES.map(name => `scope=repository:${namespace(name)}/app:*`).join('&');

async function given(basic: readonly [string, string]): Promise<string[]> {
  const answer = await deployment.send(`GET /oauth/token?${SCOPES}`, { basic });
  expect(answer.status, answer.text).toBe(200);
  return grantOf(answer).map(line => line.replace('repository:', ''));
}

async function added(name: Name, path: string, json: object): Promise<string> {
  const answer = await as(name, `POST ${path}`, { json });
  expect(answer.status, answer.text).toBe(201);
  return answer.json.id;
}

beforeAll(async () => {
  iams = { one: await openIam('one'), two: await openIam('two') };
  platforms = { one: await openGitHub('one-builds'), two: await openGitHub('two-builds') };
  deployment = await deploy({
    issuers: [...Object.values(iams), ...Object.values(platforms)].map(({ entry }) => entry),
    environment: { PULLPASS_ADMINISTRATORS: 'one:acme:alice two:acme:alice' },
  });
  for (const name of NAMES) {
    expect((await as(name, `PUT /v1/namespaces/${namespace(name)}`)).status).toBe(201);
    const token = (await as(name, 'POST /v1/tokens', { json: { access: 'push' } })).json;
    const claims = { repository_id: '74', repository_owner_id: '65' };
    things[name] = {
      id: token.id,
      token: token.token,
      policy: await added(name, '/v1/policies', { subject: '*', role: 'writer' }),
      trust: await added(name, '/v1/trusts', { issuer: `${name}-builds`, claims }),
    };
  }
});
afterAll(async () => {
  await deployment.close();
  for (const { server } of [...Object.values(iams), ...Object.values(platforms)]) await server.close();
});

describe.each(PAIRS)('what is of %s is not of %s', (mine, other) => {
  it('in a login of an administrator, of an identity under a policy for *, or with a token', async () => {
    const own = namespace(mine);
    expect(await given(['iambearer', iams[mine].token()])).toEqual([`${own}/app:delete,pull,push`]);
    expect(await given(['iambearer', iams[mine].token({ iam_id: 'eve' })])).toEqual([`${own}/app:pull,push`]);
    expect(await given(['token', things[mine].token])).toEqual([`${own}/app:pull,push`]);
  });

  it('in a login of a workload, for every account that its token names', async () => {
    const logIn = (aud: string) => given(['oidc', platforms[mine].token({ aud })]);
    expect(await logIn(audienceOf(`${mine}:acme`))).toEqual([`${namespace(mine)}/app:pull`]);
    expect(await logIn(audienceOf(`${other}:acme`))).toEqual([]);
  });

  it('in any list', async () => {
    const list = async (name: Name, noun: string) =>
      (await as(name, `GET /v1/${noun}`)).json[noun].map(
        ({ id, name: of }: Record<string, string>) => id ?? of,
      );
    for (const [noun, thing] of [
      ['tokens', things[mine].id],
      ['policies', things[mine].policy],
      ['trusts', things[mine].trust],
      ['namespaces', namespace(mine)],
    ] as const) {
      expect(await list(mine, noun)).toContain(thing);
      expect(await list(other, noun)).not.toContain(thing);
    }
  });

  it('by its id', async () => {
    const { id, policy, trust } = things[mine];
    for (const line of [
      `GET /v1/tokens/${id}`,
      `GET /v1/tokens/${id}/value`,
      `PATCH /v1/tokens/${id}`,
      `POST /v1/tokens/${id}/rotate`,
      `DELETE /v1/tokens/${id}`,
      `DELETE /v1/policies/${policy}`,
      `DELETE /v1/trusts/${trust}`,
      `DELETE /v1/namespaces/${namespace(mine)}`,
    ]) {
      const json = line.startsWith('PATCH') ? { disabled: true } : {};
      expect([line, (await as(other, line, { json })).status]).toEqual([line, 404]);
    }
    expect((await as(other, `PUT /v1/namespaces/${namespace(mine)}`)).status).toBe(409);
    expect((await as(mine, `GET /v1/tokens/${id}`)).json.disabled).toBe(false);
  });

  it('by naming its subject or patterns in a policy of the other', async () => {
    const before = await given(['iambearer', iams[mine].token({ iam_id: 'mallory' })]);
    const json = { role: 'manager', repositories: [`${namespace(mine)}/*`, `${namespace(other)}/*`] };
    const ids = [];
    for (const subject of [`${mine}:mallory`, 'mallory', '*']) {
      ids.push(
        await added(other, '/v1/policies', {
          ...json,
          subject,
          ...(subject === '*' ? { role: 'writer' } : {}),
        }),
      );
    }
    expect(await given(['iambearer', iams[mine].token({ iam_id: 'mallory' })])).toEqual(before);
    for (const id of ids) await as(other, `DELETE /v1/policies/${id}`);
  });

  it('by an administrator policy of the other', async () => {
    const id = await added(other, '/v1/policies', { subject: 'dave', role: 'administrator' });
    const dave = (name: Name) => ({ bearer: iams[name].token({ iam_id: 'dave' }) });
    expect((await deployment.send('GET /v1/tokens', dave(other))).status).toBe(200);
    expect((await deployment.send('GET /v1/tokens', dave(mine))).status).toBe(403);
    await as(other, `DELETE /v1/policies/${id}`);
  });

  it('by a key of the same name, in both orders of the issuers', async () => {
    for (const [signer, claimed] of [...PAIRS, ...PAIRS]) {
      const forged = signToken(iams[signer].key, iams[claimed].claims());
      expect(iams[signer].key.jwk.kid).toBe(iams[claimed].key.jwk.kid);
      expect((await deployment.send('GET /v1/tokens', { bearer: forged })).status).toBe(401);
      expect((await deployment.send('GET /oauth/token', { basic: ['iambearer', forged] })).status).toBe(401);
    }
  });

  it('by an issuer that speaks of accounts as if they were qualified', async () => {
    for (const bss of [`${mine}:acme`, `:${mine}:acme`, `acme#${mine}`]) {
      const bearer = iams[other].token({ account: { bss }, iam_id: `${mine}:alice` });
      const { json } = await deployment.send('GET /v1/identity', { bearer });
      expect([json.account, json.subject, json.roles]).toEqual([
        `${other}:${bss}`,
        `${other}:${mine}:alice`,
        [],
      ]);
      expect(await given(['iambearer', bearer])).toEqual([]);
    }
  });

  it('by an idempotency key of the same name', async () => {
    const headers = { 'idempotency-key': KEY };
    const first = (await as(mine, 'POST /v1/tokens', { json: {}, headers })).json;
    const second = (await as(other, 'POST /v1/tokens', { json: {}, headers })).json;
    expect(first.id).not.toBe(second.id);
    expect((await as(mine, 'POST /v1/tokens', { json: {}, headers })).json.token).toBe(first.token);
  });

  it('in their identities', async () => {
    const { json } = await as(mine, 'GET /v1/identity');
    expect([json.account, json.subject, json.workloadAudience]).toEqual([
      `${mine}:acme`,
      `${mine}:alice`,
      audienceOf(`${mine}:acme`),
    ]);
    const basic = ['iambearer', iams[mine].token()] as const;
    expect(claimsOf(await deployment.send('GET /oauth/token', { basic })).sub).toBe(`${mine}:alice`);
  });
});
