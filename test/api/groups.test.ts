/** Groups of an IAM: policies for them, at every place that a policy is judged, and what happens when there are too many. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { MAX_GROUPS } from '../../lib/domain/groups.ts';
import { grantOf } from '../support/claims.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { openIam, type TestIssuer } from '../support/platforms.ts';

const GROUPED = { claims: { subject: 'iam_id', account: 'account.bss', groups: 'realm.groups' } };

let deployment: Deployment;
let iam: TestIssuer;
let plain: TestIssuer;
let rival: TestIssuer;

beforeAll(async () => {
  iam = await openIam('corp', GROUPED);
  plain = await openIam('plain');
  rival = await openIam('rival', GROUPED);
  deployment = await deploy({
    issuers: [iam.entry, plain.entry, rival.entry],
    environment: { PULLPASS_ADMINISTRATORS: 'corp:acme:alice plain:acme:alice rival:acme:alice' },
  });
  await asAlice('PUT /v1/namespaces/team-a');
});
afterAll(async () => {
  await deployment.close();
  for (const { server } of [iam, plain, rival]) await server.close();
});

const asAlice = (line: string, sent: Sent = {}): Promise<Received> =>
  deployment.send(line, { bearer: iam.token(), ...sent });
const tokenOf = (iam_id: string, groups: unknown, issuer = iam) =>
  issuer.token({ iam_id, realm: { groups } });

async function addPolicy(subject: string, role = 'reader'): Promise<string> {
  const answer = await asAlice('POST /v1/policies', { json: { subject, role } });
  expect(answer.status, answer.text).toBe(201);
  expect(answer.json.subject).toBe(subject);
  return answer.json.id;
}

async function pullsWith(password: string, userName = 'iambearer'): Promise<string[]> {
  const line = 'GET /oauth/token?service=localhost:5000&scope=repository:team-a/app:*';
  const answer = await deployment.send(line, { basic: [userName, password] });
  expect(answer.status, answer.text).toBe(200);
  return grantOf(answer);
}

const PULL = ['repository:team-a/app:pull'];

describe('a policy for a group', () => {
  it('gives its role to a caller whom the issuer says is in the group, and to no one else', async () => {
    const policy = await addPolicy('group:corp:/team/dev');
    expect(await pullsWith(tokenOf('bob', ['ops', '/team/dev']))).toEqual(PULL);
    for (const groups of [
      [],
      ['ops'],
      ['/team/de'],
      ['/team/dev '],
      ['/Team/dev'],
      [['/team/dev']],
      undefined,
    ]) {
      expect(await pullsWith(tokenOf('bob', groups)), JSON.stringify(groups)).toEqual([]);
    }
    await asAlice(`DELETE /v1/policies/${policy}`);
    expect(await pullsWith(tokenOf('bob', ['/team/dev']))).toEqual([]);
  });

  it('gives nothing to the same group of another issuer', async () => {
    const policy = await addPolicy('group:corp:dev');
    expect(await pullsWith(tokenOf('bob', ['dev'], rival))).toEqual([]);
    expect(await pullsWith(tokenOf('bob', ['corp:dev', 'group:corp:dev'], rival))).toEqual([]);
    await asAlice(`DELETE /v1/policies/${policy}`);
  });

  it('is no policy for a subject that is named like it', async () => {
    const policy = await addPolicy('group:corp:dev');
    for (const name of ['group:corp:dev', 'dev', 'corp:dev']) {
      expect(await pullsWith(tokenOf(name, [])), name).toEqual([]);
    }
    await asAlice(`DELETE /v1/policies/${policy}`);
  });

  it('may make administrators, whose acts say by which group', async () => {
    const bob = { bearer: tokenOf('bob', ['ops', 'admins']) };
    expect((await deployment.send('GET /v1/tokens', bob)).status).toBe(403);
    const policy = await addPolicy('group:corp:admins', 'administrator');
    expect((await deployment.send('POST /v1/tokens', bob)).status).toBe(201);
    const [entry] = (await asAlice('GET /v1/audit?act=add-token&subject=bob')).json.entries;
    expect(entry).toMatchObject({ subject: 'corp:bob', group: 'group:corp:admins' });
    const { roles, groups } = (await deployment.send('GET /v1/identity', bob)).json;
    expect(groups).toEqual(['group:corp:ops', 'group:corp:admins']);
    expect(roles).toEqual([
      { role: 'administrator', repositories: null, source: { policy, group: 'group:corp:admins' } },
    ]);
    expect(deployment.logs.some(line => line.includes('"group":"group:corp:admins"'))).toBe(true);
    const [own] = (await asAlice('GET /v1/audit?act=add-policy')).json.entries;
    expect(own).toMatchObject({ subject: 'corp:alice', group: null });
    await asAlice(`DELETE /v1/policies/${policy}`);
    expect((await deployment.send('GET /v1/tokens', bob)).status).toBe(403);
  });

  it('gives its role to credentials that are vended from it, until it is removed', async () => {
    const policy = await addPolicy('group:corp:dev', 'writer');
    const other = await addPolicy('group:corp:managers', 'manager');
    const vended = async (json: object) =>
      (await deployment.send('POST /v1/credentials', { bearer: tokenOf('bob', ['dev']), json })).json;
    const all = await vended({ access: 'push' });
    const one = await vended({ repositories: ['team-a/app'] });
    expect(await pullsWith(all.password, 'token')).toEqual(['repository:team-a/app:pull,push']);
    expect(await pullsWith(one.password, 'token')).toEqual(PULL);
    const later = await addPolicy('corp:bob', 'manager');
    expect(await pullsWith(all.password, 'token')).toEqual(['repository:team-a/app:pull,push']);
    await asAlice(`DELETE /v1/policies/${policy}`);
    expect(await pullsWith(all.password, 'token')).toEqual([]);
    expect(await pullsWith(one.password, 'token')).toEqual([]);
    for (const id of [other, later]) await asAlice(`DELETE /v1/policies/${id}`);
  });

  it.each([
    ['of another issuer', 'group:rival:dev', 'must be a group as group:corp:NAME'],
    ['without an issuer', 'group:dev', 'must be a group as group:corp:NAME'],
    ['without a name', 'group:corp:', 'must be a group as group:corp:NAME'],
    ['with a space in it', 'group:corp:Domain Users', 'must be a group as group:corp:NAME'],
    ['that is too long', `group:corp:${'x'.repeat(260)}`, 'must be a group as group:corp:NAME'],
  ])('%s is refused with 400', async (_, subject, message) => {
    const { status, json } = await asAlice('POST /v1/policies', { json: { subject, role: 'reader' } });
    expect([status, json.errors]).toEqual([400, [{ path: 'subject', message }]]);
  });

  it('is refused with 400 where the issuer has no groups claim, which could never match', async () => {
    const sent = { bearer: plain.token(), json: { subject: 'group:plain:dev', role: 'reader' } };
    const { status, json } = await deployment.send('POST /v1/policies', sent);
    expect([status, json.errors[0].message]).toEqual([
      400,
      'must be a group as group:plain:NAME, but the configuration names no groups claim of this issuer',
    ]);
  });
});

describe('groups that do not count', () => {
  const many = (count: number) => ['dev', ...Array.from({ length: count - 1 }, (_, i) => `g${i}`)];

  it(`are all of a caller in more than ${MAX_GROUPS}, and the log says so`, async () => {
    const policy = await addPolicy('group:corp:dev');
    expect(await pullsWith(tokenOf('bob', many(MAX_GROUPS)))).toEqual(PULL);
    expect(await pullsWith(tokenOf('bob', many(MAX_GROUPS + 1)))).toEqual([]);
    const [line = ''] = deployment.logs.filter(entry => entry.includes('ignoredGroups'));
    expect(JSON.parse(line)).toMatchObject({ message: 'login', ignoredGroups: '51 groups, more than 50' });
    const bob = { bearer: tokenOf('bob', many(MAX_GROUPS + 1)) };
    expect((await deployment.send('GET /v1/identity', bob)).json).toMatchObject({
      groups: [],
      ignoredGroups: '51 groups, more than 50',
    });
    expect((await deployment.send('GET /v1/tokens', bob)).status).toBe(403);
    expect(deployment.logs.at(-1)).toContain('no role administrator; 51 groups, more than 50');
    await asAlice(`DELETE /v1/policies/${policy}`);
  });

  it('leave the rights of the caller itself', async () => {
    const policy = await addPolicy('corp:bob');
    expect(await pullsWith(tokenOf('bob', many(MAX_GROUPS + 1)))).toEqual(PULL);
    await asAlice(`DELETE /v1/policies/${policy}`);
  });

  it.each([
    ['a text', 'dev'],
    ['an object', { dev: true }],
    ['a number', 7],
    ['null', null],
  ])('are those of a claim that is %s, and not a list', async (_, groups) => {
    const policy = await addPolicy('group:corp:dev');
    expect(await pullsWith(tokenOf('bob', groups))).toEqual([]);
    await asAlice(`DELETE /v1/policies/${policy}`);
  });

  it('are those of an issuer whose groups claim is not configured', async () => {
    const sent = { bearer: plain.token({ realm: { groups: ['admins'] }, groups: ['admins'] }) };
    expect((await deployment.send('GET /v1/identity', sent)).json).not.toHaveProperty('groups');
  });
});

it('the login of a caller with groups reads policies once and claims once', async () => {
  const policy = await addPolicy('group:corp:dev');
  deployment.wire.requests.length = 0;
  await pullsWith(
    tokenOf(
      'bob',
      Array.from({ length: MAX_GROUPS }, (_, i) => (i === 0 ? 'dev' : `g${i}`)),
    ),
  );
  expect(deployment.wire.requests.map(({ operation }) => operation)).toEqual(['Query', 'BatchGetItem']);
  await asAlice(`DELETE /v1/policies/${policy}`);
});

it('no issuer may be called group', async () => {
  await expect(deploy({ issuers: [{ ...iam.entry, key: 'group' }] })).rejects.toThrow(
    /not token, group or aws/,
  );
});

it('Alice of the development IAM has no groups', async () => {
  expect((await deployment.as(ALICE)('GET /v1/identity')).json).not.toHaveProperty('groups');
});

it('an explanation of a subject says that policies for groups are not counted', async () => {
  const policy = await addPolicy('group:corp:dev');
  const json = { subject: 'bob', service: 'localhost:5000', scope: 'repository:team-a/app:pull' };
  const { json: answer } = await asAlice('POST /v1/explain', { json });
  expect(answer.steps).toContainEqual({
    check: 'policy',
    result: 'note',
    detail:
      'Not counted, because only a login says which groups the caller is in: policies for group:corp:dev.',
  });
  await asAlice(`DELETE /v1/policies/${policy}`);
});
