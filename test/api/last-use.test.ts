/** The last use of a token's values: when, from where, by what and for which service, of each value for itself. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Sent } from '../support/events.ts';
import { SERVICE } from '../support/records.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';

useDeployment();

let id: string;
let token: string;
beforeEach(async () => {
  ({ id, token } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json);
});

const timeNow = () => new Date(Date.now()).toISOString().replace('.000Z', 'Z');
const shown = async () => (await alice(`GET /v1/tokens/${id}`)).json;
const rotate = async (graceSeconds: number) =>
  (await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds } })).json;

/** Logs in, and answers the use that this is. */
async function logIn(secret: string, { client, sourceIp }: { client: string; sourceIp: string }) {
  const headers = { 'user-agent': client };
  const sent: Sent = { basic: ['token', secret], headers, sourceIp };
  const answer = await deployment.send(`GET /oauth/token?service=${SERVICE.name}`, sent);
  expect(answer.status, answer.text).toBe(200);
  return { at: timeNow(), address: sourceIp, client: client.slice(0, 64), service: SERVICE.name };
}

const FARM = { client: 'docker/28.2.2 go/go1.24.3', sourceIp: '192.0.2.7' };
const OTHER = { client: `containers/5.34 ${'x'.repeat(80)}`, sourceIp: '2001:db8::7' };

describe('the last use', () => {
  it('is when, from where, by what and for which service', async () => {
    expect(await shown()).toMatchObject({ lastUsed: null, lastUsedAt: null, previousValue: null });
    const use = await logIn(token, FARM);
    expect(await shown()).toMatchObject({ lastUsed: use, lastUsedAt: use.at });
    const listed = (await alice('GET /v1/tokens?limit=200')).json.tokens;
    expect(listed.find((one: { id: string }) => one.id === id)).toEqual(await shown());
  });

  it('of the old value and of the new one are told apart while a grace runs', async () => {
    const first = await logIn(token, FARM);
    deployment.wait(600);
    const { token: value, ...rotated } = await rotate(90_000);
    expect(rotated).toMatchObject({
      ...{ generation: 2, valueIssuedAt: timeNow(), lastUsed: null, lastUsedAt: first.at },
      previousValue: { lastUsed: first },
    });
    expect(Date.parse(rotated.previousValue.endsAt)).toBe(Date.now() + 90_000_000);
    deployment.wait(60);
    const old = await logIn(token, OTHER);
    expect(await shown()).toMatchObject({
      lastUsed: null,
      lastUsedAt: old.at,
      previousValue: { lastUsed: old },
    });
    deployment.wait(60);
    const fresh = await logIn(value, FARM);
    expect(await shown()).toMatchObject({
      ...{ lastUsed: fresh, lastUsedAt: fresh.at, previousValue: { lastUsed: old } },
    });
    deployment.wait(90_000);
    expect(await shown()).toMatchObject({ lastUsed: fresh, previousValue: null });
  });

  it('of the old value is that of a credential which was vended from it', async () => {
    const json = { expiresInSeconds: 43_200 };
    const vended = await deployment.send('POST /v1/credentials', { bearer: token, json });
    deployment.wait(1);
    await rotate(86_400);
    deployment.wait(60);
    const use = await logIn(vended.json.password, OTHER);
    expect(await shown()).toMatchObject({ lastUsed: null, previousValue: { lastUsed: use } });
  });

  it('has no service where a credential is vended, and no client where none is named', async () => {
    await deployment.send('POST /v1/credentials', { bearer: token, json: {}, sourceIp: '192.0.2.9' });
    expect((await shown()).lastUsed).toEqual({
      ...{ at: timeNow(), address: '192.0.2.9', client: null, service: null },
    });
  });

  it('is not that of a login which is refused', async () => {
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const answer = await deployment.send('GET /oauth/token', { basic: ['token', token] });
    expect([answer.status, (await shown()).lastUsed]).toEqual([401, null]);
  });

  it('ends before the token does, when the grace would be longer', async () => {
    await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 600 } });
    const { expiresAt, previousValue } = await rotate(3600);
    expect(previousValue.endsAt).toBe(expiresAt);
  });

  it('is one write an hour for each of two values, and never a read more', async () => {
    const { token: value } = await rotate(86_400);
    const cost = async (secret: string) => {
      deployment.wire.requests.length = 0;
      await logIn(secret, FARM);
      return deployment.wire.requests.map(({ operation }) => operation);
    };
    for (let hour = 0; hour < 3; hour++) {
      for (const secret of [token, value]) {
        expect(await cost(secret)).toEqual(['BatchGetItem', 'UpdateItem']);
        expect(await cost(secret)).toEqual(['BatchGetItem']);
      }
      deployment.wait(3900);
    }
  });
});
