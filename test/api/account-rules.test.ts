/** The rules of an account: who sets them, what they forbid, what the operator's ceiling forbids them, and what breaks them. */
import { beforeEach, describe, expect, it } from 'vitest';
import { BOB, MALLORY } from '../support/deployment.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';
import { itemsOf } from '../support/stores.ts';

useDeployment(() => ({
  environment: { PULLPASS_RULES_CEILING: 'maxExpiresInSeconds=2592000, maxCredentialSeconds=7200' },
}));

const CEILING = {
  maxExpiresInSeconds: 2_592_000,
  nonExpiring: 'allowed',
  maxCredentialSeconds: 7200,
  retrievable: true,
  requireOwner: false,
  requireNetworks: false,
};
const NONE = { ...CEILING, ceiling: CEILING, breaking: [], nextCursor: null };

const set = (json: object) => alice('PUT /v1/rules', { json });
const add = (json: object = {}) => alice('POST /v1/tokens', { json });
const patch = (id: string, json: object) => alice(`PATCH /v1/tokens/${id}`, { json });
const inSeconds = (seconds: number) =>
  new Date(Date.now() + seconds * 1000).toISOString().replace('.000', '');

beforeEach(async () => {
  expect((await set({})).status).toBe(200);
});

describe('GET and PUT /v1/rules', () => {
  it('begin with the ceiling', async () => {
    expect((await deployment.as(BOB)('GET /v1/rules')).json).toEqual(NONE);
  });

  it('answer what is set, and what is not as the ceiling has it', async () => {
    const answer = await set({ maxExpiresInSeconds: 600, requireOwner: true });
    expect([answer.status, answer.json]).toEqual([
      200,
      expect.objectContaining({ ...CEILING, maxExpiresInSeconds: 600, requireOwner: true, ceiling: CEILING }),
    ]);
    expect((await alice('GET /v1/rules')).json).toEqual(answer.json);
  });

  it('replace all rules, and take null for what the ceiling says', async () => {
    await set({ maxExpiresInSeconds: 600, requireOwner: true, nonExpiring: 'forbidden' });
    const { json } = await set({ maxExpiresInSeconds: null, maxCredentialSeconds: null });
    expect(json).toMatchObject(CEILING);
  });

  it('are what they were when they are sent back', async () => {
    const { json } = await set({ maxExpiresInSeconds: 600, retrievable: false });
    const { ceiling, breaking, nextCursor, ...rules } = json;
    expect((await set(rules)).json).toEqual(json);
  });

  it('leave the rules of others alone', async () => {
    await set({ requireOwner: true });
    expect((await deployment.as(BOB)('GET /v1/rules')).json).toEqual(NONE);
    expect((await deployment.as(BOB)('POST /v1/tokens', { json: {} })).status).toBe(201);
  });

  it.each([
    [
      'maxExpiresInSeconds',
      { maxExpiresInSeconds: 2_592_001 },
      'must be at most 2592000, the ceiling that the operator has set',
    ],
    [
      'maxCredentialSeconds',
      { maxCredentialSeconds: 7201 },
      'must be at most 7200, the ceiling that the operator has set',
    ],
  ])('refuse a %s beyond the ceiling with it, and change nothing', async (path, json, message) => {
    await set({ requireOwner: true });
    const answer = await set(json);
    expect([answer.status, answer.json.code]).toEqual([400, 'invalid-request']);
    expect(answer.json.errors).toEqual([{ path, message }]);
    expect((await alice('GET /v1/rules')).json.requireOwner).toBe(true);
  });

  it.each<[string, unknown, string]>([
    ['an unknown rule', { maxTokens: 1 }, 'maxTokens'],
    ['a life below a minute', { maxExpiresInSeconds: 59 }, 'maxExpiresInSeconds'],
    ['a life beyond a year', { maxExpiresInSeconds: 31_536_001 }, 'maxExpiresInSeconds'],
    ['half a second', { maxCredentialSeconds: 60.5 }, 'maxCredentialSeconds'],
    ['a number as a text', { maxCredentialSeconds: '60' }, 'maxCredentialSeconds'],
    ['another word', { nonExpiring: 'no' }, 'nonExpiring'],
    ['true for a word', { nonExpiring: true }, 'nonExpiring'],
    ['a word for true', { requireOwner: 'true' }, 'requireOwner'],
    ['null for true', { requireNetworks: null }, 'requireNetworks'],
    ['a list', [], ''],
  ])('refuse %s', async (_, json, path) => {
    const answer = await set(json as object);
    expect([answer.status, answer.json.errors?.[0]?.path]).toEqual([400, path]);
  });

  it('refuse a request without a body, which would set all rules back', async () => {
    await set({ requireOwner: true });
    expect((await alice('PUT /v1/rules')).status).toBe(400);
    expect((await alice('GET /v1/rules')).json.requireOwner).toBe(true);
  });

  it.each(['x=1', 'cursor=x', 'limit=5'])('refuse the query %s', async query => {
    expect((await alice(`GET /v1/rules?${query}`)).status).toBe(400);
  });

  it('are for administrators, and set by those whose proof is strong', async () => {
    expect((await deployment.as(MALLORY)('GET /v1/rules')).status).toBe(403);
    expect((await deployment.as(MALLORY)('PUT /v1/rules', { json: {} })).status).toBe(403);
    expect((await deployment.send('GET /v1/rules')).status).toBe(401);
  });
});

describe('a token', () => {
  it('lives a day, or as long as the rules allow', async () => {
    expect((await add()).json.expiresAt).toBe(inSeconds(86_400));
    await set({ maxExpiresInSeconds: 600 });
    expect((await add()).json.expiresAt).toBe(inSeconds(600));
  });

  it('is retrievable by itself where the rules allow it', async () => {
    await set({ retrievable: false });
    const { json } = await add();
    expect(json.retrievable).toBe(false);
    expect((await alice(`GET /v1/tokens/${json.id}/value`)).json.code).toBe('not-retrievable');
  });

  const FORBIDDEN: [string, object, object, object, string, string][] = [
    [
      'a longer life',
      { maxExpiresInSeconds: 600 },
      { expiresInSeconds: 601 },
      { expiresInSeconds: 600 },
      'expiresInSeconds',
      'must be at most 600 by the rules of the account',
    ],
    [
      'no end',
      { nonExpiring: 'forbidden' },
      { nonExpiring: true },
      { expiresInSeconds: 600 },
      'nonExpiring',
      'must not be true by the rules of the account',
    ],
  ];
  it.each(FORBIDDEN)(
    'cannot be added with, nor changed to have, %s',
    async (_, rules, bad, good, path, message) => {
      await set(rules);
      const { id } = (await add(good)).json;
      for (const answer of [await add(bad), await patch(id, bad)]) {
        expect([answer.status, answer.json.errors]).toEqual([400, [{ path, message }]]);
      }
      expect((await patch(id, good)).status).toBe(200);
    },
  );

  it.each([
    ['requireOwner', 'owner', 'builds@acme.example'],
    ['requireNetworks', 'networks', ['10.0.0.0/8']],
  ])('must have what %s asks for, and keeps it', async (rule, member, value) => {
    await set({ [rule]: true });
    const problem = { path: member, message: 'must be given by the rules of the account' };
    for (const json of [{}, { [member]: null }]) {
      const answer = await add(json);
      expect([answer.status, answer.json.errors]).toEqual([400, [problem]]);
    }
    const { id } = (await add({ [member]: value })).json;
    expect((await patch(id, { [member]: null })).json.errors).toEqual([problem]);
    expect((await patch(id, { description: 'x' })).status).toBe(200);
  });

  it('cannot ask for a value that is shown again', async () => {
    await set({ retrievable: false });
    const answer = await add({ retrievable: true });
    expect(answer.json.errors).toEqual([
      { path: 'retrievable', message: 'must be false by the rules of the account' },
    ]);
  });

  it('is told all that is wrong at once', async () => {
    await set({ nonExpiring: 'forbidden', requireOwner: true, requireNetworks: true });
    const { errors } = (await add({ nonExpiring: true })).json;
    expect(errors.map(({ path }: { path: string }) => path)).toEqual(['nonExpiring', 'owner', 'networks']);
  });

  it('gets a new value that is not retrievable, when it is rotated under such rules', async () => {
    const { id } = (await add()).json;
    await set({ retrievable: false });
    const rotated = (await alice(`POST /v1/tokens/${id}/rotate`)).json;
    expect(rotated.retrievable).toBe(false);
    expect((await alice(`GET /v1/tokens/${id}/value`)).json.code).toBe('not-retrievable');
  });

  it('that was made before works on, is changed in what the rules say nothing of, and is listed', async () => {
    const { id, token } = (await add({ nonExpiring: true })).json;
    const { json } = await set({ nonExpiring: 'forbidden', requireOwner: true });
    expect(json.breaking).toContainEqual({ token: id, rules: ['nonExpiring', 'requireOwner'] });
    expect((await deployment.logIn(token)).status).toBe(200);
    expect((await patch(id, { description: 'kept' })).status).toBe(200);
    expect((await patch(id, { owner: 'x', expiresInSeconds: 600 })).status).toBe(200);
    const { breaking } = (await alice('GET /v1/rules')).json;
    expect(breaking.map(({ token: each }: { token: string }) => each)).not.toContain(id);
  });

  it('that breaks them stays disabled, until the same change mends it', async () => {
    const { id } = (await add({ nonExpiring: true })).json;
    await patch(id, { disabled: true });
    await set({ nonExpiring: 'forbidden', requireOwner: true });
    expect((await patch(id, { description: 'x' })).status).toBe(200);
    const { errors } = (await patch(id, { disabled: false })).json;
    expect(errors.map(({ path }: { path: string }) => path)).toEqual(['nonExpiring', 'owner']);
    expect((await patch(id, { disabled: false, expiresInSeconds: 60, owner: 'x' })).status).toBe(200);
  });

  it('that a repeated request made before is shown again under narrower rules', async () => {
    const headers = { 'idempotency-key': 'k-1' };
    const first = await alice('POST /v1/tokens', { json: {}, headers });
    await set({ maxExpiresInSeconds: 600, requireOwner: true });
    const again = await alice('POST /v1/tokens', { json: {}, headers });
    expect([again.status, again.json.id]).toEqual([201, first.json.id]);
  });
});

describe('a credential', () => {
  const vend = (bearer: string, expiresInSeconds?: number) =>
    deployment.send('POST /v1/credentials', { bearer, json: { expiresInSeconds } });
  const form = (token: string) => ({
    grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
    subject_token: token,
    subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
  });

  it('lives no longer than the rules and the ceiling allow, from the next request on', async () => {
    const { token } = (await add()).json;
    expect((await vend(token, 43_200)).json.expiresAt).toBe(inSeconds(7200));
    await set({ maxCredentialSeconds: 600 });
    expect((await vend(token)).json.expiresAt).toBe(inSeconds(600));
    expect((await vend(token, 60)).json.expiresAt).toBe(inSeconds(60));
    const exchanged = await deployment.send('POST /oauth/token', { form: form(token) });
    expect(exchanged.json.expires_in).toBe(600);
    const identity = await vend(await deployment.bearerOf('acme:alice'), 3600);
    expect(identity.json.expiresAt).toBe(inSeconds(600));
  });

  it('of a token costs one read, and a login reads no rules', async () => {
    await deployment.as('acme:alice')('PUT /v1/namespaces/team-a');
    const { token } = (await add()).json;
    await deployment.logIn(token, 'repository:team-a/app:pull');
    deployment.wire.requests.length = 0;
    await vend(token);
    await deployment.logIn(token, 'repository:team-a/app:pull');
    const asked = deployment.wire.requests.map(({ operation, body }) => [
      operation,
      body.includes('"rules"'),
    ]);
    expect(asked).toEqual([
      ['BatchGetItem', true],
      ['BatchGetItem', false],
    ]);
  });

  it('is not vended when the rules cannot be read', async () => {
    const { token } = (await add()).json;
    await set({ maxCredentialSeconds: 600 });
    const [item] = (await itemsOf(deployment.table)).filter(({ sk }) => sk === 'rules');
    const key = { pk: item?.pk ?? '', sk: 'rules' };
    await deployment.table.update(key, { set: { maxCredentialSeconds: 'many' } }, { exists: 'pk' });
    expect((await vend(token)).status).toBe(500);
    expect((await add()).status).toBe(500);
    expect((await deployment.logIn(token)).status).toBe(200);
    await deployment.table.update(key, { set: { maxCredentialSeconds: 600 } }, { exists: 'pk' });
    expect((await vend(token)).status).toBe(201);
  });
});

describe('what breaks the rules', () => {
  it('is listed in pages of the tokens that are examined', async () => {
    const bob = deployment.as(BOB);
    const ids: string[] = [];
    for (let i = 0; i < 502; i++) {
      ids.push((await bob('POST /v1/tokens', { json: { nonExpiring: i % 250 === 0 } })).json.id);
    }
    const first = (await bob('PUT /v1/rules', { json: { nonExpiring: 'forbidden' } })).json;
    const second = (await bob(`GET /v1/rules?cursor=${first.nextCursor}`)).json;
    expect(second.nextCursor).toBeNull();
    const found = [...first.breaking, ...second.breaking].map(({ token }) => token);
    expect(new Set(found)).toEqual(new Set([ids[0], ids[250], ids[500]]));
    expect((await alice(`GET /v1/rules?cursor=${first.nextCursor}`)).status).toBe(400);
  });
});
