/** `PUT /v1/tokens/by-name/{name}`: one token of a name, for all wishes and however often it is asked for. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditsOf } from '../support/audits.ts';
import { ALICE, BOB, CAROL, type Deployment, deploy } from '../support/deployment.ts';
import type { Sent } from '../support/events.ts';
import { itemsOf } from '../support/stores.ts';

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
});
afterEach(() => deployment.close());

const alice = (line: string, sent?: Sent) => deployment.as(ALICE)(line, sent);
const ensure = (name: string, json: object = {}, headers: Record<string, string> = {}) =>
  alice(`PUT /v1/tokens/by-name/${name}`, { json, headers });
const tokens = async () => (await alice('GET /v1/tokens')).json.tokens as { id: string; name: string }[];
/** Past the moment in which others wait for who has taken a name. */
const waitABit = () => deployment.wait(1);

/** Deletes what has expired, as the cleanup and the table itself do. */
async function cleanUp(): Promise<void> {
  const expired = (await itemsOf(deployment.table)).filter(
    ({ expiresAt }) => Number(expiresAt) * 1000 < Date.now(),
  );
  for (const item of expired) await deployment.table.delete(item);
}

describe('ensuring a token', () => {
  it('adds it the first time, with its value, and finds it after', async () => {
    const wanted = { description: 'farm', access: 'push', repositories: ['team-a/*'], labels: { team: 'x' } };
    const first = await ensure('build-farm', wanted);
    const { token, ...made } = first.json;
    expect(first.status).toBe(201);
    expect(first.headers.location).toBe(`/v1/tokens/${made.id}`);
    expect(made).toMatchObject({ name: 'build-farm', ...wanted, differences: [], applied: false });
    expect((await deployment.logIn(token)).status).toBe(200);
    const second = await ensure('build-farm', wanted);
    expect(second.status).toBe(200);
    expect(second.headers.location).toBeUndefined();
    expect(second.json).toMatchObject({ id: made.id, differences: [], applied: false });
    expect(second.json).not.toHaveProperty('token');
    expect(await tokens()).toMatchObject([{ id: made.id, name: 'build-farm' }]);
  });

  it('takes the defaults of a new token, and no body at all', async () => {
    const { status, json } = await alice('PUT /v1/tokens/by-name/plain');
    expect([status, json.access, json.repositories, json.description]).toEqual([201, 'pull', null, '']);
    expect(Date.parse(json.expiresAt) - Date.parse(json.createdAt)).toBe(86_400_000);
  });

  it('wants nothing of what is not named', async () => {
    await ensure('a', {
      description: 'x',
      access: 'push',
      owner: 'anna',
      labels: { a: 'b' },
      selfRotate: true,
    });
    expect((await ensure('a')).json).toMatchObject({ differences: [], access: 'push', owner: 'anna' });
    expect((await ensure('a', { apply: true })).json).toMatchObject({ differences: [], applied: false });
  });

  it('keeps to its account and to its name', async () => {
    const [one, other] = [await ensure('a'), await ensure('A')];
    expect([one.status, other.status]).toEqual([201, 201]);
    expect((await deployment.as(BOB)('PUT /v1/tokens/by-name/a')).status).toBe(201);
    expect((await deployment.as(CAROL)('PUT /v1/tokens/by-name/a')).json.id).toBe(one.json.id);
  });

  it.each(['a', '0', 'a.b_c-d', 'A1', 'a'.repeat(63), 'value', 'rotate', 'by-name'])(
    'takes the name %s',
    async name => {
      expect((await ensure(name)).status).toBe(201);
      expect((await ensure(name)).status).toBe(200);
    },
  );

  it.each(['-a', 'a-', '.a', 'a.', '_', 'a%20b', 'ä', 'a'.repeat(64), 'a:b', 'a@b', '..', "a'"])(
    'refuses the name %s',
    async name => {
      const { status, json } = await ensure(name);
      expect([status, json.errors?.[0].path]).toEqual([400, 'name']);
    },
  );

  it('takes no query, and no field that it does not know', async () => {
    expect((await ensure('a?apply=true')).status).toBe(400);
    for (const json of [{ name: 'b' }, { disabled: true }, { apply: 'yes' }, { expiresInSeconds: 59 }]) {
      expect((await ensure('a', json)).status).toBe(400);
    }
    expect(await tokens()).toEqual([]);
  });
});

describe('what differs', () => {
  const START = {
    description: 'a',
    access: 'pull',
    repositories: ['team-a/x', 'team-a/y'],
    expiresInSeconds: 7200,
    limits: { pullsPerDay: 5 },
    labels: { a: '1', b: '2' },
    owner: 'anna',
    networks: ['192.0.2.0/24', '2001:db8::/32'],
    selfRotate: false,
  };
  const SAME: Record<string, object> = {
    'the same': START,
    'in another order': {
      repositories: ['team-a/y', 'team-a/x'],
      networks: ['2001:db8::/32', '192.0.2.0/24'],
      labels: { b: '2', a: '1' },
    },
    'what it ends by': { nonExpiring: false },
    'that it can be retrieved': { retrievable: true },
  };
  it.each(Object.entries(SAME))('is nothing for %s', async (_, json) => {
    await ensure('t', START);
    deployment.wait(600);
    expect((await ensure('t', { ...json, apply: true })).json).toMatchObject({
      differences: [],
      applied: false,
    });
  });

  const CHANGES: Record<string, [object, object]> = {
    description: [{ description: 'b' }, { description: 'b' }],
    access: [{ access: 'push' }, { access: 'push' }],
    repositories: [{ repositories: null }, { repositories: null }],
    expiresInSeconds: [{ expiresInSeconds: 3600 }, {}],
    nonExpiring: [{ nonExpiring: true }, { expiresAt: null }],
    limits: [{ limits: null }, { limits: null }],
    labels: [{ labels: {} }, { labels: {} }],
    owner: [{ owner: null }, { owner: null }],
    networks: [{ networks: ['192.0.2.0/24'] }, { networks: ['192.0.2.0/24'] }],
    selfRotate: [{ selfRotate: true }, { selfRotate: true }],
  };
  it.each(Object.entries(CHANGES))(
    'in %s is reported, and applied when asked',
    async (member, [json, after]) => {
      const { id } = (await ensure('t', START)).json;
      deployment.wait(600);
      const before = (await alice(`GET /v1/tokens/${id}`)).json;
      const reported = await ensure('t', json);
      expect([reported.status, reported.json.differences, reported.json.applied]).toEqual([
        200,
        [member],
        false,
      ]);
      expect((await alice(`GET /v1/tokens/${id}`)).json).toEqual(before);
      const applied = (await ensure('t', { ...json, apply: true })).json;
      expect(applied).toMatchObject({ id, ...after, differences: [member], applied: true });
      expect((await ensure('t', { ...json, apply: true })).json).toMatchObject({
        differences: [],
        applied: false,
      });
      const acts = (await auditsOf(deployment, id)).map(({ act }) => act);
      expect(acts.sort()).toEqual(['add-token', 'change-token']);
      const { differences: _, applied: __, ...shown } = applied;
      expect((await alice(`GET /v1/tokens/${id}`)).json).toEqual(shown);
    },
  );

  it('in several members is reported in one order', async () => {
    await ensure('t', START);
    const json = { selfRotate: true, access: 'push', description: 'b' };
    expect((await ensure('t', json)).json.differences).toEqual(['description', 'access', 'selfRotate']);
  });

  it('in the end counts from when the token was added, on any day', async () => {
    const { createdAt } = (await ensure('t', { expiresInSeconds: 7200 })).json;
    deployment.wait(3000);
    const { expiresAt } = (await ensure('t', { expiresInSeconds: 10_000, apply: true })).json;
    expect(Date.parse(expiresAt) - Date.parse(createdAt)).toBe(10_000_000);
    deployment.wait(3000);
    expect((await ensure('t', { expiresInSeconds: 10_000 })).json.differences).toEqual([]);
    await ensure('n', { nonExpiring: true });
    expect((await ensure('n', { nonExpiring: false, apply: true })).json).toMatchObject({
      differences: ['nonExpiring'],
      expiresAt: new Date(Date.now() + 86_400_000).toISOString().replace('.000', ''),
    });
  });

  it('cannot be applied where that would end the token at once, or to what is never changed', async () => {
    const { id } = (await ensure('t', { expiresInSeconds: 7200 })).json;
    deployment.wait(3600);
    const json = { expiresInSeconds: 3600, retrievable: false, access: 'push' };
    expect((await ensure('t', json)).json.differences).toEqual(['access', 'expiresInSeconds', 'retrievable']);
    const { status, json: problem } = await ensure('t', { ...json, apply: true });
    expect([status, problem.errors.map(({ path }: { path: string }) => path)]).toEqual([
      400,
      ['retrievable', 'expiresInSeconds'],
    ]);
    expect((await alice(`GET /v1/tokens/${id}`)).json).toMatchObject({ access: 'pull', disabled: false });
  });

  it('is not that a token is disabled, which is seen', async () => {
    const { id } = (await ensure('t')).json;
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    expect((await ensure('t', { apply: true })).json).toMatchObject({ id, disabled: true, differences: [] });
  });
});

describe('a name', () => {
  it('is free when its token is removed', async () => {
    const first = (await ensure('t')).json;
    await alice(`DELETE /v1/tokens/${first.id}`);
    const { status, json } = await ensure('t');
    expect([status, json.id === first.id, json.name]).toEqual([201, false, 't']);
    expect((await deployment.logIn(first.token)).status).toBe(401);
    expect((await tokens()).map(({ id }) => id)).toEqual([json.id]);
  });

  it('is free when its token has expired, before and after the cleanup', async () => {
    for (const hours of [0, 2, 24 * 3]) {
      const first = (await ensure('t', { expiresInSeconds: 60 })).json;
      deployment.wait(60 + hours * 3600);
      if (hours > 0) await cleanUp();
      const second = await ensure('t', { expiresInSeconds: 60 });
      expect([second.status, second.json.id === first.id]).toEqual([201, false]);
      expect(await tokens()).toHaveLength(1);
      deployment.wait(3600);
    }
  });

  it('stays with a token that lives longer than it was made for', async () => {
    const { id } = (await ensure('t', { expiresInSeconds: 60 })).json;
    await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 30 * 86_400 } });
    deployment.wait(10 * 86_400);
    await cleanUp();
    expect((await ensure('t')).json.id).toBe(id);
    await alice(`PATCH /v1/tokens/${id}`, { json: { nonExpiring: true } });
    deployment.wait(90 * 86_400);
    await cleanUp();
    expect((await ensure('t')).json.id).toBe(id);
  });

  it('leaves nothing behind that is not cleaned up', async () => {
    for (const name of ['a', 'b']) await ensure(name, { expiresInSeconds: 60 });
    await alice(`DELETE /v1/tokens/${(await ensure('c', { nonExpiring: true })).json.id}`);
    deployment.wait(10 * 86_400);
    await cleanUp();
    const items = await itemsOf(deployment.table);
    expect(items.filter(({ sk }) => sk.startsWith('name#'))).toEqual([]);
  });

  it('is not lost by a rotation, nor changed by a patch', async () => {
    const { id } = (await ensure('t')).json;
    await alice(`POST /v1/tokens/${id}/rotate`);
    expect((await ensure('t')).json).toMatchObject({ id, generation: 2 });
    expect((await alice(`PATCH /v1/tokens/${id}`, { json: { name: 'x' } })).status).toBe(400);
    expect((await alice('POST /v1/tokens', { json: { name: 't' } })).status).toBe(400);
  });
});

describe('a repeated request with an Idempotency-Key', () => {
  const KEY = { 'idempotency-key': 'k1' };

  it('gets the value again, and no second token', async () => {
    const first = await ensure('t', { access: 'push' }, KEY);
    const again = await ensure('t', { access: 'push' }, KEY);
    expect([again.status, again.json.token, again.json.id]).toEqual([201, first.json.token, first.json.id]);
    const acts = (await auditsOf(deployment, first.json.id)).map(({ act }) => act);
    expect(acts.sort()).toEqual(['add-token', 'retrieve-value']);
    expect(await tokens()).toHaveLength(1);
  });

  it('with another payload is 422', async () => {
    await ensure('t', {}, KEY);
    for (const [name, json] of [
      ['t', { access: 'push' }],
      ['u', {}],
      ['t', { apply: true }],
    ] as const) {
      expect((await ensure(name, json, KEY)).json.code).toBe('idempotency-mismatch');
    }
    expect((await ensure('t', {}, { 'idempotency-key': 'k2' })).status).toBe(200);
  });

  it('gets no value that was issued since, or must not be shown', async () => {
    const { id } = (await ensure('t', {}, KEY)).json;
    await alice(`POST /v1/tokens/${id}/rotate`);
    expect((await ensure('t', {}, KEY)).status).toBe(200);
    await ensure('once', { retrievable: false }, { 'idempotency-key': 'k2' });
    expect((await ensure('once', { retrievable: false }, { 'idempotency-key': 'k2' })).status).toBe(200);
    const disabled = (await ensure('d', {}, { 'idempotency-key': 'k3' })).json.id;
    await alice(`PATCH /v1/tokens/${disabled}`, { json: { disabled: true } });
    expect((await ensure('d', {}, { 'idempotency-key': 'k3' })).status).toBe(200);
  });

  it('never brings a removed token back', async () => {
    const { id } = (await ensure('t', {}, KEY)).json;
    await alice(`DELETE /v1/tokens/${id}`);
    waitABit();
    expect((await ensure('t', {}, KEY)).json.code).toBe('idempotency-replayed');
    expect(await tokens()).toEqual([]);
    expect((await ensure('t')).status).toBe(201);
  });

  it('finds the token that another request made', async () => {
    const { id } = (await ensure('t')).json;
    for (let i = 0; i < 2; i++) expect((await ensure('t', {}, KEY)).json.id).toBe(id);
  });
});

describe('the rules of the account', () => {
  const rules = (json: object) => alice('PUT /v1/rules', { json });

  it('are kept by what is added, and no name is taken for what they forbid', async () => {
    await rules({ nonExpiring: 'forbidden', requireOwner: true });
    for (const json of [{ nonExpiring: true, owner: 'anna' }, { expiresInSeconds: 60 }]) {
      expect((await ensure('t', json)).json.code).toBe('invalid-request');
    }
    const items = await itemsOf(deployment.table);
    expect(items.filter(({ sk }) => /^(?:name|token)#/.test(sk))).toEqual([]);
    expect((await ensure('t', { owner: 'anna' })).status).toBe(201);
  });

  it('are kept by what is applied, and not asked of what is as it was', async () => {
    await ensure('t', { nonExpiring: true });
    await rules({ nonExpiring: 'forbidden', maxExpiresInSeconds: 3600, requireOwner: true });
    expect((await ensure('t', { nonExpiring: true, apply: true })).status).toBe(200);
    for (const json of [{ expiresInSeconds: 7200 }, { owner: null, access: 'push' }]) {
      expect((await ensure('t', { ...json, apply: true })).json.code).toBe('invalid-request');
    }
    expect((await ensure('t', { expiresInSeconds: 3600, owner: 'anna', apply: true })).json.applied).toBe(
      true,
    );
  });
});

it('50 requests at once make one token, and one of them gets its value', async () => {
  const answers = await Promise.all(Array.from({ length: 50 }, () => ensure('t', { nonExpiring: true })));
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(49).fill(200), 201]);
  expect(new Set(answers.map(({ json }) => json.id)).size).toBe(1);
  expect(answers.filter(({ json }) => 'token' in json)).toHaveLength(1);
  expect(await tokens()).toHaveLength(1);
  const acts = (await auditsOf(deployment, answers[0]?.json.id)).map(({ act }) => act);
  expect(acts).toEqual(['add-token']);
});
