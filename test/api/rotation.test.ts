/** Rotating a token, and getting its value again, over HTTP. */

import { beforeEach, describe, expect, it } from 'vitest';
import { claimsOf } from '../support/claims.ts';
import type { Sent } from '../support/events.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';

let id: string;
let token: string;

useDeployment();
beforeEach(async () => {
  ({ id, token } = (await alice('POST /v1/tokens', { json: {} })).json);
});

const rotate = (json?: unknown) => alice(`POST /v1/tokens/${id}/rotate`, json === undefined ? {} : { json });
const statusOf = async (value: string) => (await deployment.logIn(value)).status;
const shownValue = () => alice(`GET /v1/tokens/${id}/value`);

describe('a rotation', () => {
  it('gives a new value of the same token and ends the old one at once', async () => {
    const { token: __, ...before } = (await alice(`GET /v1/tokens/${id}`)).json;
    const { status, json } = await rotate();
    expect([status, json]).toEqual([
      200,
      { ...before, generation: 2, token: expect.stringMatching(/^plp_[0-9A-Za-z]{87}$/) },
    ]);
    expect(json.token).not.toBe(token);
    expect([await statusOf(token), await statusOf(json.token)]).toEqual([401, 200]);
    expect((await shownValue()).json).toEqual({ id, token: json.token });
  });

  it('lets the old value work until the grace ends, to the second', async () => {
    const { json } = await rotate({ graceSeconds: 100 });
    expect([await statusOf(token), await statusOf(json.token)]).toEqual([200, 200]);
    deployment.wait(99);
    expect([await statusOf(token), await statusOf(json.token)]).toEqual([200, 200]);
    deployment.wait(1);
    expect([await statusOf(token), await statusOf(json.token)]).toEqual([401, 200]);
  });

  it('gives the old value logins that end with its grace, and never beyond the token', async () => {
    await rotate({ graceSeconds: 90 });
    expect((await deployment.logIn(token)).json.expires_in).toBe(90);
    await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 70 } });
    const answer = await deployment.logIn(token);
    expect([answer.json.expires_in, claimsOf(answer).sub]).toEqual([70, `token:${id}`]);
  });

  it('is refused while a grace runs, unless it is forced, which ends the grace', async () => {
    const second = (await rotate({ graceSeconds: 1000 })).json.token;
    for (const body of [undefined, { graceSeconds: 5 }, { force: false }]) {
      const { status, json } = await rotate(body);
      expect([status, json.code]).toEqual([409, 'rotation-in-progress']);
    }
    const third = (await rotate({ force: true, graceSeconds: 1000 })).json.token;
    const values = [token, second, third];
    expect(await Promise.all(values.map(statusOf))).toEqual([401, 200, 200]);
  });

  it('is free again when the grace has ended', async () => {
    await rotate({ graceSeconds: 10 });
    deployment.wait(10);
    expect((await rotate()).status).toBe(200);
  });

  it('keeps a token that shows its value once so', async () => {
    const made = (await alice('POST /v1/tokens', { json: { retrievable: false } })).json;
    const { json } = await alice(`POST /v1/tokens/${made.id}/rotate`);
    expect([json.retrievable, await statusOf(made.token), await statusOf(json.token)]).toEqual([
      false,
      401,
      200,
    ]);
    expect((await alice(`GET /v1/tokens/${made.id}/value`)).json.code).toBe('not-retrievable');
  });

  it('leaves a disabled token disabled', async () => {
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const { status, json } = await rotate();
    expect([status, json.disabled, await statusOf(json.token)]).toEqual([200, true, 401]);
  });

  it('at the same time as another leaves one value that works', async () => {
    const answers = await Promise.all(Array.from({ length: 4 }, () => rotate({ graceSeconds: 0 })));
    const values = answers.filter(({ status }) => status === 200).map(({ json }) => String(json.token));
    const working = await Promise.all(values.map(statusOf));
    expect(working.filter(status => status === 200)).toHaveLength(1);
    expect((await shownValue()).json.token).toBe(values[working.indexOf(200)]);
  });

  it.each<[string, unknown]>([
    ['an unknown member', { grace: 5 }],
    ['a grace in a string', { graceSeconds: '5' }],
    ['a grace that is negative', { graceSeconds: -1 }],
    ['a grace in between', { graceSeconds: 0.5 }],
    ['a grace of more than a week', { graceSeconds: 604_801 }],
    ['force in a string', { force: 'true' }],
    ['a list', []],
  ])('is refused for %s', async (_, body) => {
    const { status, json } = await rotate(body);
    expect([status, json.code, await statusOf(token)]).toEqual([400, 'invalid-request', 200]);
  });

  it('may have a grace of a week', async () => {
    expect((await rotate({ graceSeconds: 604_800 })).status).toBe(200);
  });
});

describe('the value of a token', () => {
  it('is shown again, and nothing else with it', async () => {
    expect(await shownValue()).toMatchObject({
      status: 200,
      json: { id, token },
      headers: { 'cache-control': 'no-store' },
    });
  });

  it('is not shown where the token was made to show it once', async () => {
    const made = (await alice('POST /v1/tokens', { json: { retrievable: false } })).json;
    const answer = await alice(`GET /v1/tokens/${made.id}/value`);
    expect([answer.status, answer.json.code]).toEqual([409, 'not-retrievable']);
    expect(answer.text).not.toContain('plp_');
  });

  it('is not shown while the token is disabled', async () => {
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const answer = await shownValue();
    expect([answer.status, answer.json.code]).toEqual([409, 'token-disabled']);
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: false } });
    expect((await shownValue()).json.token).toBe(token);
  });

  it('is shown only after the audit has recorded who saw it, when and from where', async () => {
    deployment.wire.requests.length = 0;
    await alice(`GET /v1/tokens/${id}/value`, { sourceIp: '192.0.2.77' });
    const audits = deployment.wire.requests.filter(({ operation }) => operation === 'PutItem');
    expect(audits).toHaveLength(1);
    for (const fact of ['retrieve-value', 'dev:alice', 'dev:acme', id, '192.0.2.77']) {
      expect(audits[0]?.body).toContain(fact);
    }
    expect(audits[0]?.body).not.toContain('plp_');
  });

  it('is not shown when the audit cannot note it', async () => {
    deployment.wire.cut = ({ operation, body }) => operation === 'PutItem' && body.includes('audit#');
    const answer = await shownValue();
    const rotation = await rotate();
    deployment.wire.cut = () => false;
    expect([answer.status, answer.json.code, rotation.status]).toEqual([503, 'unavailable', 503]);
    expect(answer.text + rotation.text).not.toContain('plp_');
    expect(await statusOf(token)).toBe(200);
  });
});

describe.each(['POST /v1/tokens', 'PATCH', 'DELETE', 'rotate', 'PUT /v1/namespaces/new-one'])('%s', act => {
  it('does nothing that the audit has not recorded', async () => {
    const lines: Record<string, [string, Sent]> = {
      PATCH: [`PATCH /v1/tokens/${id}`, { json: { disabled: true } }],
      DELETE: [`DELETE /v1/tokens/${id}`, {}],
      rotate: [`POST /v1/tokens/${id}/rotate`, {}],
    };
    const [line, sent] = lines[act] ?? [act, {}];
    deployment.wire.cut = ({ body }) => body.includes('audit#');
    const { status } = await alice(line, sent);
    deployment.wire.cut = () => false;
    expect([status, await statusOf(token)]).toEqual([503, 200]);
    expect((await alice('GET /v1/namespaces')).json.namespaces).toEqual([]);
  });
});
