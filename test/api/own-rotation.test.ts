/** The rotation of a token by who holds its value: where it is allowed, never wider or longer, at most once an hour. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { auditsOf } from '../support/audits.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import type { Sent } from '../support/events.ts';

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
});
afterEach(() => deployment.close());

const HOUR = 3600;
const alice = (line: string, sent?: Sent) => deployment.as(ALICE)(line, sent);
const add = async (json: object = {}) =>
  (await alice('POST /v1/tokens', { json: { selfRotate: true, ...json } })).json;
const rotate = (value: string, json: object = {}, headers: Record<string, string> = {}) =>
  deployment.send('POST /v1/token/rotate', { bearer: value, json, headers });
const statusOf = async (value: string) => (await deployment.logIn(value)).status;

describe('a holder who may rotate', () => {
  it('gets a new value, and the old one is refused at once', async () => {
    const { id, token } = await add();
    const { status, json } = await rotate(token);
    expect([status, json.id, json.generation, json.presented]).toEqual([200, id, 2, 'value']);
    expect([await statusOf(json.token), await statusOf(token)]).toEqual([200, 401]);
    expect((await alice(`GET /v1/tokens/${id}/value`)).json.token).toBe(json.token);
  });

  it('leaves all that the token allows, and its end, as they are', async () => {
    const bounds = {
      access: 'push',
      repositories: ['team-a/*'],
      networks: ['192.0.2.0/24'],
      limits: { pullsPerDay: 5 },
      labels: { team: 'x' },
    };
    const { id, token } = await add({ ...bounds, expiresInSeconds: 7200 });
    const before = (await alice(`GET /v1/tokens/${id}`)).json;
    deployment.wait(600);
    expect((await rotate(token, { graceSeconds: 60 })).status).toBe(200);
    const after = (await alice(`GET /v1/tokens/${id}`)).json;
    const { generation, valueIssuedAt, previousValue, lastUsed, ...rest } = after;
    expect(before).toMatchObject(rest);
    expect([generation, valueIssuedAt > before.valueIssuedAt, previousValue !== null, lastUsed]).toEqual([
      2,
      true,
      true,
      null,
    ]);
  });

  it('never lives longer by a grace: the old value ends with the token', async () => {
    const { token } = await add({ expiresInSeconds: 60 });
    expect((await rotate(token, { graceSeconds: 604_800 })).status).toBe(200);
    const { json } = await deployment.send('GET /v1/token', { bearer: token });
    expect(json.endsAt).toBe(json.expiresAt);
    deployment.wait(60);
    expect(await statusOf(token)).toBe(401);
  });

  it('replaces the first value at once, and every other after an hour', async () => {
    const first = await add({ nonExpiring: true });
    const second = (await rotate(first.token)).json.token;
    const early = await rotate(second);
    expect([early.status, early.json.code, early.headers['retry-after']]).toEqual([
      429,
      'rate-limited',
      String(HOUR),
    ]);
    expect(await statusOf(second)).toBe(200);
    deployment.wait(HOUR - 1);
    expect((await rotate(second)).headers['retry-after']).toBe('1');
    deployment.wait(1);
    expect((await rotate(second)).status).toBe(200);
  });

  it.each([2 * HOUR, 400 * 24 * HOUR])(
    'is not barred by a rotation that a clock which was %s seconds ahead has made',
    async ahead => {
      const first = await add({ nonExpiring: true });
      deployment.wait(ahead);
      const second = (await rotate(first.token)).json.token;
      deployment.wait(-ahead);
      const third = await rotate(second);
      expect(third.status).toBe(200);
      expect((await rotate(third.json.token)).headers['retry-after']).toBe(String(HOUR));
    },
  );

  it('waits an hour after a rotation of an administrator, too', async () => {
    const { id } = await add();
    const { token } = (await alice(`POST /v1/tokens/${id}/rotate`)).json;
    expect((await rotate(token)).status).toBe(429);
    deployment.wait(HOUR);
    expect((await rotate(token)).status).toBe(200);
  });

  it('gets one new value when it asks many times at once', async () => {
    const { token } = await add();
    const answers = await Promise.all(Array.from({ length: 8 }, () => rotate(token)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(401)]);
    const graced = await add();
    const others = await Promise.all(
      Array.from({ length: 8 }, () => rotate(graced.token, { graceSeconds: 60 })),
    );
    expect(others.map(({ status }) => status).sort()).toEqual([200, ...Array(7).fill(403)]);
  });

  it('ends a grace that still runs only by force', async () => {
    const first = await add({ nonExpiring: true });
    const second = (await rotate(first.token, { graceSeconds: 2 * HOUR })).json.token;
    deployment.wait(HOUR);
    const refused = await rotate(second);
    expect([refused.status, refused.json.code]).toEqual([409, 'rotation-in-progress']);
    expect((await rotate(second, { force: true })).status).toBe(200);
    expect(await statusOf(first.token)).toBe(401);
  });

  it('is the subject of the act in the audit', async () => {
    const { id, token } = await add();
    await rotate(token);
    const act = (await auditsOf(deployment, id)).find(({ act }) => act === 'rotate-token');
    expect(act).toMatchObject({ subject: `token:${id}`, account: 'dev:acme', sourceAddress: '192.0.2.1' });
  });

  it('sends no request that is wrong in its form', async () => {
    const { token } = await add();
    for (const json of [{ graceSeconds: 604_801 }, { graceSeconds: -1 }, { access: 'push' }, { id: 'x' }]) {
      expect((await rotate(token, json)).json.code).toBe('invalid-request');
    }
    expect((await deployment.send('POST /v1/token/rotate?force=true', { bearer: token })).status).toBe(400);
    expect(await statusOf(token)).toBe(200);
  });
});

describe('a repeated request', () => {
  const KEY = { 'idempotency-key': 'k1' };

  it('within the grace gets the value that the first one made', async () => {
    const { id, token } = await add();
    const first = (await rotate(token, { graceSeconds: 60 }, KEY)).json;
    const again = await rotate(token, { graceSeconds: 60 }, KEY);
    expect([again.status, again.json.token]).toEqual([200, first.token]);
    const acts = (await auditsOf(deployment, id)).map(({ act, subject }) => `${act} by ${subject}`);
    expect(acts).toContain(`retrieve-value by token:${id}`);
    expect((await rotate(token, { graceSeconds: 61 }, KEY)).json.code).toBe('idempotency-mismatch');
    expect((await rotate(token, { graceSeconds: 60 }, { 'idempotency-key': 'k2' })).status).toBe(403);
  });

  it('gets nothing by a value that has ended', async () => {
    const { token } = await add();
    expect((await rotate(token, {}, KEY)).status).toBe(200);
    expect((await rotate(token, {}, KEY)).json.code).toBe('token-rotated');
  });

  it('gets no value that an administrator has made since', async () => {
    const { id, token } = await add();
    await rotate(token, { graceSeconds: 600 }, KEY);
    await alice(`POST /v1/tokens/${id}/rotate`, { json: { force: true, graceSeconds: 600 } });
    expect((await rotate(token, { graceSeconds: 600 }, KEY)).status).toBe(401);
  });
});

describe('rotation is refused', () => {
  it.each([{}, { selfRotate: false }])('of a token with %j', async json => {
    const { id, token } = (await alice('POST /v1/tokens', { json })).json;
    const { status, json: problem } = await rotate(token, {}, { 'idempotency-key': 'k' });
    expect([status, problem.code]).toEqual([403, 'forbidden']);
    expect((await auditsOf(deployment, id)).map(({ act }) => act)).toEqual(['add-token']);
    expect((await alice(`GET /v1/tokens/${id}`)).json.generation).toBe(1);
  });

  it('once selfRotate was taken away', async () => {
    const { id, token } = await add();
    await alice(`PATCH /v1/tokens/${id}`, { json: { selfRotate: false } });
    expect((await rotate(token)).status).toBe(403);
  });

  it('to a credential, which may only look', async () => {
    const { token } = await add();
    const { password } = (await deployment.send('POST /v1/credentials', { bearer: token, json: {} })).json;
    const { status, json } = await rotate(password);
    expect([status, json.code]).toEqual([403, 'forbidden']);
    expect(json.detail).toMatch(/^A credential can show its token, and not rotate it/);
  });

  it('to a value in its grace, which would live longer by it', async () => {
    const { id, token } = await add();
    await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 2 * HOUR } });
    deployment.wait(HOUR);
    for (const force of [false, true]) {
      expect((await rotate(token, { force })).json).toMatchObject({ status: 403, code: 'forbidden' });
    }
  });

  it('to who asks again and again', async () => {
    const { token } = await add({ selfRotate: false });
    const codes = [];
    for (let i = 0; i < 11; i++) codes.push((await rotate(token)).json.code);
    expect(codes).toEqual([...Array(10).fill('forbidden'), 'rate-limited']);
  });
});
