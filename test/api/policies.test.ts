/** Policies, from the request that makes them to the login that they govern. */

import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { grantOf } from '../support/claims.ts';
import { ALICE, BOB, CAROL, MALLORY } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';

const SCOPES = ['team-a/app', 'team-a/web/ui', 'team-b/app', 'rival/app'].map(name => `repository:${name}:*`);
const ALL = 'delete,pull,push';
const NEVER = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';

const made: string[] = [];

useDeployment();
beforeAll(async () => {
  for (const name of ['team-a', 'team-b']) await deployment.as(ALICE)(`PUT /v1/namespaces/${name}`);
  await deployment.as(BOB)('PUT /v1/namespaces/rival');
});
afterEach(async () => {
  for (const id of made.splice(0)) await deployment.as(ALICE)(`DELETE /v1/policies/${id}`);
});

async function allow(subject: string, role: string, repositories?: readonly string[]): Promise<string> {
  const json = { subject, role, ...(repositories === undefined ? {} : { repositories }) };
  const answer = await deployment.as(ALICE)('POST /v1/policies', { json });
  expect(answer.status, answer.text).toBe(201);
  made.push(answer.json.id);
  return answer.json.id;
}

/** What a login of this identity gives, a line for each repository. */
async function grant(who: string): Promise<string[]> {
  const scopes = SCOPES.map(scope => `scope=${scope}`).join('&');
  const answer = await deployment.as(who)(`GET /oauth/token?${scopes}`);
  expect(answer.status).toBe(200);
  return grantOf(answer).map(line => line.replace('repository:', ''));
}

describe('a policy', () => {
  it.each<[string, string, string[] | undefined, string[]]>([
    [
      'a reader everywhere',
      'reader',
      undefined,
      ['team-a/app:pull', 'team-a/web/ui:pull', 'team-b/app:pull'],
    ],
    ['a reader of one repository', 'reader', ['team-a/app'], ['team-a/app:pull']],
    ['a writer below a prefix', 'writer', ['team-a/web/*'], ['team-a/web/ui:pull,push']],
    ['a writer of a namespace', 'writer', ['team-b/*'], ['team-b/app:pull,push']],
    [
      'a manager of two repositories',
      'manager',
      ['team-a/app', 'team-b/app'],
      [`team-a/app:${ALL}`, `team-b/app:${ALL}`],
    ],
    [
      'an administrator',
      'administrator',
      undefined,
      [`team-a/app:${ALL}`, `team-a/web/ui:${ALL}`, `team-b/app:${ALL}`],
    ],
    ['a manager of what the account does not hold', 'manager', ['rival/*', 'rival/app', 'team-c/*'], []],
  ])('makes %s', async (_, role, repositories, expected) => {
    expect(await grant(MALLORY)).toEqual([]);
    await allow('mallory', role, repositories);
    expect(await grant(MALLORY)).toEqual(expected);
  });

  it('adds to others', async () => {
    await allow('mallory', 'reader');
    await allow('mallory', 'writer', ['team-b/*']);
    expect(await grant(MALLORY)).toEqual(['team-a/app:pull', 'team-a/web/ui:pull', 'team-b/app:pull,push']);
  });

  it('for * is for every identity of the account, and for no other account', async () => {
    await allow('*', 'reader', ['team-a/*', 'rival/*']);
    expect(await grant('acme:unnamed')).toEqual(['team-a/app:pull', 'team-a/web/ui:pull']);
    expect(await grant('rival:unnamed')).toEqual([]);
    expect(await grant(BOB)).toEqual([`rival/app:${ALL}`]);
  });

  it('acts at the next login, when it is made and when it is removed', async () => {
    const bearer = await deployment.bearerOf(MALLORY);
    const logIn = (): Promise<Received> =>
      deployment.send(`GET /oauth/token?scope=${SCOPES[0]}`, { basic: ['iambearer', bearer] });
    expect(grantOf(await logIn())).toEqual([]);
    const id = await allow('mallory', 'writer', ['team-a/*']);
    expect(grantOf(await logIn())).toEqual(['repository:team-a/app:pull,push']);
    expect((await deployment.as(ALICE)(`DELETE /v1/policies/${id}`)).status).toBe(204);
    expect(grantOf(await logIn())).toEqual([]);
  });

  it('never governs registry tokens, which have their own access and repositories', async () => {
    const json = { access: 'push', repositories: ['team-a/*'] };
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;
    const given = async () =>
      grantOf(await deployment.logIn(token, `${SCOPES[0]} ${SCOPES[2]}`.replace(' ', '&scope=')));
    expect(await given()).toEqual(['repository:team-a/app:pull,push']);
    await allow('*', 'reader', ['team-b/*']);
    await allow('alice', 'reader');
    expect(await given()).toEqual(['repository:team-a/app:pull,push']);
  });

  it('makes administrators, who manage until it is removed', async () => {
    const list = () => deployment.as(MALLORY)('GET /v1/tokens');
    expect((await list()).status).toBe(403);
    const id = await allow('mallory', 'administrator');
    expect((await list()).status).toBe(200);
    const own = await deployment.as(MALLORY)('POST /v1/policies', {
      json: { subject: 'eve', role: 'reader' },
    });
    expect([own.status, own.json.createdBy]).toEqual([201, 'dev:mallory']);
    made.push(own.json.id);
    expect((await deployment.as(MALLORY)(`DELETE /v1/policies/${id}`)).status).toBe(204);
    expect((await list()).status).toBe(403);
  });

  it('never makes a manager manage', async () => {
    await allow('mallory', 'manager');
    for (const line of [
      'GET /v1/tokens',
      'GET /v1/policies',
      'GET /v1/trusts',
      'GET /v1/namespaces',
      'GET /v1/usage',
    ]) {
      expect((await deployment.as(MALLORY)(line)).status).toBe(403);
    }
  });

  it('is not asked for when the store cannot say: such a login is refused', async () => {
    const logIn = () => deployment.as(MALLORY)(`GET /oauth/token?scope=${SCOPES[0]}`);
    await allow('mallory', 'reader');
    expect(grantOf(await logIn())).toHaveLength(1);
    deployment.wire.cut = ({ operation }) => operation === 'Query';
    const { status, headers } = await logIn();
    deployment.wire.cut = () => false;
    expect([status, headers['retry-after']]).toEqual([503, '1']);
  });
});

describe('the policy routes', () => {
  it('answer a policy as it was made, and list it with its account only', async () => {
    const json = { subject: 'mallory', role: 'writer', repositories: ['team-a/*'] };
    const answer = await deployment.as(ALICE)('POST /v1/policies', { json });
    made.push(answer.json.id);
    expect(answer).toMatchObject({ status: 201, headers: { location: `/v1/policies/${answer.json.id}` } });
    expect(answer.json).toEqual({
      ...json,
      subject: 'dev:mallory',
      id: expect.stringMatching(/^[0-9a-f-]{36}$/),
      createdAt: '2026-11-21T07:00:00Z',
      createdBy: 'dev:alice',
    });
    expect((await deployment.as(CAROL)('GET /v1/policies')).json).toEqual({ policies: [answer.json] });
    expect((await deployment.as(BOB)('GET /v1/policies')).json).toEqual({ policies: [] });
  });

  it.each([
    ['dev:mallory', 'dev:mallory'],
    ['mallory', 'dev:mallory'],
    ['*', '*'],
    ['a:b:c', 'dev:a:b:c'],
    ['dev:dev:x', 'dev:dev:x'],
    ['other:alice', 'dev:other:alice'],
    ['arn:aws:iam::123456789012:role/ci', 'dev:arn:aws:iam::123456789012:role/ci'],
  ])('take the subject %s for %s: an account has none of another issuer', async (subject, expected) => {
    await allow(subject, 'reader');
    expect((await deployment.as(ALICE)('GET /v1/policies')).json.policies).toMatchObject([
      { subject: expected },
    ]);
  });

  it.each<[string, unknown, string[]]>([
    ['nothing', {}, ['subject', 'role']],
    ['no role', { subject: 'a' }, ['role']],
    ['an unknown role', { subject: 'a', role: 'owner' }, ['role']],
    ['an empty subject', { subject: '', role: 'reader' }, ['subject']],
    ['a subject with nothing behind its issuer', { subject: 'dev:', role: 'reader' }, ['subject']],
    ['a subject with a space', { subject: 'a b', role: 'reader' }, ['subject']],
    ['a subject with a line break', { subject: 'a\nb', role: 'reader' }, ['subject']],
    ['two stars', { subject: '* ', role: 'reader' }, ['subject']],
    ['a number for a subject', { subject: 7, role: 'reader' }, ['subject']],
    ['every identity as manager', { subject: '*', role: 'manager' }, ['']],
    ['every identity as administrator', { subject: '*', role: 'administrator' }, ['']],
    [
      'an administrator of some repositories',
      { subject: 'a', role: 'administrator', repositories: ['team-a/*'] },
      [''],
    ],
    ['no repositories at all', { subject: 'a', role: 'reader', repositories: [] }, ['repositories']],
    [
      'a pattern that is none',
      { subject: 'a', role: 'reader', repositories: ['team-a/*', '*'] },
      ['repositories[1]'],
    ],
    ['a member that is not known', { subject: 'a', role: 'reader', account: 'dev:rival' }, ['account']],
    ['an id', { subject: 'a', role: 'reader', id: NEVER }, ['id']],
    ['a list', [], ['']],
  ])('refuse %s', async (_, json, paths) => {
    const answer = await deployment.as(ALICE)('POST /v1/policies', { json });
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid-request']);
    expect(answer.json.errors.map(({ path }: { path: string }) => path)).toEqual(paths);
  });

  it('know no policy of another account, and remove each once', async () => {
    const id = await allow('mallory', 'reader');
    const remove = async (who: string, of: string) =>
      (await deployment.as(who)(`DELETE /v1/policies/${of}`)).status;
    expect(await remove(BOB, id)).toBe(404);
    expect(await remove(ALICE, NEVER)).toBe(404);
    expect(await remove(ALICE, 'x')).toBe(400);
    expect(await remove(ALICE, id.toUpperCase())).toBe(204);
    expect(await remove(ALICE, id)).toBe(404);
  });

  it('record who made and who removed a policy, before it is so', async () => {
    const id = await allow('mallory', 'reader');
    const { requests } = deployment.wire;
    const before = requests.length;
    await deployment.as(CAROL)(`DELETE /v1/policies/${id}`);
    const writes = requests.slice(before).filter(({ operation }) => /PutItem|UpdateItem/.test(operation));
    expect(writes.map(({ operation }) => operation)).toEqual(['PutItem', 'UpdateItem']);
    expect(writes[0]?.body).toContain('remove-policy');
    expect(writes[0]?.body).toContain('dev:carol');
    expect(writes[0]?.body).toContain(id);
  });

  it('make and remove nothing that cannot be recorded', async () => {
    const id = await allow('mallory', 'reader');
    deployment.wire.cut = ({ body }) => body.includes('audit#');
    const made = await deployment.as(ALICE)('POST /v1/policies', { json: { subject: 'a', role: 'reader' } });
    const removed = await deployment.as(ALICE)(`DELETE /v1/policies/${id}`);
    deployment.wire.cut = () => false;
    expect([made.status, removed.status]).toEqual([503, 503]);
    expect((await deployment.as(ALICE)('GET /v1/policies')).json.policies).toMatchObject([{ id }]);
  });
});
