/** Requests with an `Idempotency-Key`, and their repetitions, over HTTP. */

import { describe, expect, it } from 'vitest';
import { ALICE, BOB, CAROL, deploy } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';

useDeployment();

let keys = 0;
const newKey = () => `key-${keys++}`;
const add = (key: string, json: unknown = {}, who = ALICE) =>
  deployment.as(who)('POST /v1/tokens', { json, headers: { 'idempotency-key': key } });
const rotate = (id: string, key: string, json: unknown = { graceSeconds: 60 }) =>
  deployment.as(ALICE)(`POST /v1/tokens/${id}/rotate`, { json, headers: { 'idempotency-key': key } });
const change = (id: string, json: unknown) => deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json });
const count = async (who = ALICE) =>
  (await deployment.as(who)('GET /v1/tokens?limit=200')).json.tokens.length;

function expectRefusal(answer: Received, id: string): void {
  expect([answer.status, answer.json.code, answer.json.id]).toEqual([409, 'idempotency-replayed', id]);
  expect(answer.text).not.toContain('plp_');
}

describe('a repeated addition', () => {
  it('is answered with the first answer, which counts as a retrieval of the value', async () => {
    const key = newKey();
    const first = await add(key);
    const before = await count();
    deployment.wire.requests.length = 0;
    const second = await add(key);
    expect([second.status, second.json, second.headers.location]).toEqual([
      201,
      first.json,
      first.headers.location,
    ]);
    expect(deployment.wire.requests.some(({ body }) => body.includes('retrieve-value'))).toBe(true);
    expect(await count()).toBe(before);
  });

  it('adds one token when all come at once', async () => {
    const [before, key] = [await count(), newKey()];
    const answers = await Promise.all(Array.from({ length: 8 }, () => add(key)));
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id} ${json.token}`)).size).toBe(1);
    expect(await count()).toBe(before + 1);
  });

  it('is another request with other members, and the same with members that say what is so anyway', async () => {
    const key = newKey();
    await add(key, { access: 'pull' });
    const other = await add(key, { access: 'push' });
    expect([other.status, other.json.code]).toEqual([422, 'idempotency-mismatch']);
    expect((await add(key, { description: '', expiresInSeconds: 86_400 })).status).toBe(201);
  });

  it.each<[string, (id: string) => Promise<unknown>]>([
    ['disabled', id => change(id, { disabled: true })],
    ['rotated', id => deployment.as(ALICE)(`POST /v1/tokens/${id}/rotate`)],
    [
      'rotated with a grace',
      id => deployment.as(ALICE)(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 60 } }),
    ],
    ['removed', id => deployment.as(ALICE)(`DELETE /v1/tokens/${id}`)],
    ['expired', async () => deployment.wait(3600)],
  ])('of a token that was %s shows no value and changes nothing', async (_, meddle) => {
    const key = newKey();
    const { id } = (await add(key, { expiresInSeconds: 3600 })).json;
    await meddle(id);
    const before = await deployment.as(ALICE)(`GET /v1/tokens/${id}`);
    for (let i = 0; i < 2; i++) expectRefusal(await add(key, { expiresInSeconds: 3600 }), id);
    const after = await deployment.as(ALICE)(`GET /v1/tokens/${id}`);
    expect([after.status, after.json.expiresAt]).toEqual([before.status, before.json.expiresAt]);
  });

  it('of a token that shows its value once has none to show', async () => {
    const key = newKey();
    const { id } = (await add(key, { retrievable: false })).json;
    expectRefusal(await add(key, { retrievable: false }), id);
  });

  it('shows the token as it is now', async () => {
    const key = newKey();
    const { id, token } = (await add(key)).json;
    await change(id, { description: 'changed' });
    expect((await add(key)).json).toMatchObject({ id, token, description: 'changed' });
  });

  it('by another caller is a request of its own, in the same account or another', async () => {
    const key = newKey();
    const answers = [await add(key), await add(key, {}, CAROL), await add(key, {}, BOB)];
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.id}`)).size).toBe(3);
    expect((await add(key, { access: 'push' }, CAROL)).status).toBe(422);
  });

  it('is a new request after a day', async () => {
    const key = newKey();
    const { id } = (await add(key, { nonExpiring: true })).json;
    deployment.wait(86_399);
    expect((await add(key, { nonExpiring: true })).json.id).toBe(id);
    deployment.wait(1);
    expect((await add(key, { nonExpiring: true })).json.id).not.toBe(id);
  });

  it('shows nothing that the audit cannot note', async () => {
    const key = newKey();
    await add(key);
    deployment.wire.cut = ({ body }) => body.includes('audit#');
    const answer = await add(key);
    deployment.wire.cut = () => false;
    expect([answer.status, answer.text.includes('plp_')]).toEqual([503, false]);
  });

  it.each(['', ' ', 'a b', 'ü', 'x'.repeat(256), 'tab\t'])(
    'has a key of printable ASCII, not "%s"',
    async key => {
      expect((await add(key)).status).toBe(400);
    },
  );

  it('may have a key of 255 characters', async () => {
    expect((await add('~'.repeat(255))).status).toBe(201);
  });
});

describe('a repeated rotation', () => {
  it('is answered with the value of the first, and rotates once', async () => {
    const key = newKey();
    const { id } = (await add(newKey())).json;
    const first = await rotate(id, key);
    expect((await rotate(id, key)).json).toEqual(first.json);
    deployment.wait(60);
    expect((await rotate(id, key)).json.token).toBe(first.json.token);
    expect((await deployment.logIn(first.json.token)).status).toBe(200);
  });

  it('rotates once when all come at once', async () => {
    const key = newKey();
    const { id } = (await add(newKey())).json;
    const answers = await Promise.all(Array.from({ length: 6 }, () => rotate(id, key)));
    expect(new Set(answers.map(({ status, json }) => `${status} ${json.token}`)).size).toBe(1);
    expect(answers[0]?.status).toBe(200);
  });

  it('of another token, with another grace, or with a key that added one is another request', async () => {
    const [addKey, key] = [newKey(), newKey()];
    const [one, two] = [(await add(addKey)).json.id, (await add(newKey())).json.id];
    await rotate(one, key);
    for (const answer of [
      await rotate(two, key),
      await rotate(one, key, { graceSeconds: 61 }),
      await rotate(one, addKey),
    ]) {
      expect([answer.status, answer.json.code]).toEqual([422, 'idempotency-mismatch']);
    }
  });

  it('after another rotation shows no value', async () => {
    const key = newKey();
    const { id } = (await add(newKey())).json;
    await rotate(id, key);
    await rotate(id, newKey(), { force: true });
    expectRefusal(await rotate(id, key), id);
  });

  it('of a removed token is 404', async () => {
    const key = newKey();
    const { id } = (await add(newKey())).json;
    await rotate(id, key);
    await deployment.as(ALICE)(`DELETE /v1/tokens/${id}`);
    expect((await rotate(id, key)).status).toBe(404);
  });
});

describe('a deployment that shows no value again', () => {
  it('refuses a repetition and a retrieval, and still rotates', async () => {
    const quiet = await deploy({ environment: { PULLPASS_VALUE_RETRIEVAL: 'off' } });
    const alice = quiet.as(ALICE);
    const again = () => alice('POST /v1/tokens', { json: {}, headers: { 'idempotency-key': 'k' } });
    const { id, token } = (await again()).json;
    expect(token).toMatch(/^plp_/);
    expectRefusal(await again(), id);
    const value = await alice(`GET /v1/tokens/${id}/value`);
    expect([value.status, value.json.code, value.json.detail]).toEqual([
      409,
      'not-retrievable',
      'This deployment does not show values again.',
    ]);
    expect((await alice(`POST /v1/tokens/${id}/rotate`)).json.token).toMatch(/^plp_/);
    await quiet.close();
  });
});
