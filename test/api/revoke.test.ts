/** `POST /oauth/revoke` (RFC 7009): the holder of a secret can end it, and learns nothing by it. */

import { beforeEach, describe, expect, it } from 'vitest';
import { auditsOf } from '../support/audits.ts';
import { jtiOf } from '../support/credentials.ts';
import { ALICE } from '../support/deployment.ts';
import type { Received, Sent } from '../support/events.ts';
import { eventsOf } from '../support/logs.ts';
import { alice, deployment, useDeployment } from '../support/setup.ts';

let id: string;
let token: string;

useDeployment();
beforeEach(async () => {
  ({ id, token } = (await alice('POST /v1/tokens', { json: {} })).json);
});

const revoke = (value: string, more: Readonly<Record<string, string>> = {}) =>
  deployment.send('POST /oauth/revoke', { form: { token: value, ...more } });
const statusOf = async (value: string) => (await deployment.logIn(value)).status;
const rotate = async (graceSeconds: number) =>
  (await alice(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds } })).json.token;
const vend = async (bearer = token): Promise<string> =>
  (await deployment.send('POST /v1/credentials', { bearer, json: {} })).json.password;

/** The one answer to all that can be read. */
function expectDone({ status, text, headers }: Received): void {
  expect([status, text, headers['cache-control']]).toEqual([200, '', 'no-store']);
}

describe('a registry token that its holder ends', () => {
  it('is disabled, with its credentials, and not removed', async () => {
    const credential = await vend();
    expectDone(await revoke(token));
    expect([await statusOf(token), await statusOf(credential)]).toEqual([401, 401]);
    expect((await alice(`GET /v1/tokens/${id}`)).json).toMatchObject({ id, disabled: true });
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: false } });
    expect([await statusOf(token), await statusOf(credential)]).toEqual([200, 200]);
  });

  it('can be ended again, which changes nothing and is no act', async () => {
    await revoke(token);
    const before = await auditsOf(deployment, id);
    const writes = deployment.wire.requests.length;
    expectDone(await revoke(token));
    const operations = deployment.wire.requests.slice(writes).map(({ operation }) => operation);
    expect(operations).toEqual(['BatchGetItem']);
    expect(await auditsOf(deployment, id)).toEqual(before);
  });

  it('keeps its new value where the old one is ended in its grace', async () => {
    const second = await rotate(600);
    const [old, young] = [await vend(token), await vend(second)];
    expectDone(await revoke(token));
    expect([await statusOf(token), await statusOf(old)]).toEqual([401, 401]);
    expect([await statusOf(second), await statusOf(young)]).toEqual([200, 200]);
    expect((await alice(`GET /v1/tokens/${id}`)).json.disabled).toBe(false);
    expect((await alice(`POST /v1/tokens/${id}/rotate`, { json: {} })).status).toBe(200);
  });

  it('is in the audit, as the act of its holder', async () => {
    const { headers } = await revoke(token);
    expect(await auditsOf(deployment, id)).toContainEqual(
      expect.objectContaining({
        act: 'revoke-token',
        account: 'dev:acme',
        subject: `token:${id}`,
        target: id,
        requestId: headers['x-request-id'],
        sourceAddress: '192.0.2.1',
      }),
    );
  });

  it('is in the log, without its value', async () => {
    const answer = await revoke(token);
    expect(eventsOf(deployment, answer)).toMatchObject([
      { message: 'act', act: 'revoke-token', target: id },
      {
        message: 'revoked',
        kind: 'token',
        subject: `token:${id}`,
        account: 'dev:acme',
        sourceAddress: '192.0.2.1',
      },
    ]);
    expect(deployment.logs.join('')).not.toContain(token);
  });
});

describe('a credential that its holder ends', () => {
  it('ends alone: its token and its sisters live on', async () => {
    const [credential, sister] = [await vend(), await vend()];
    const answer = await revoke(credential);
    expectDone(answer);
    expect([await statusOf(credential), await statusOf(sister), await statusOf(token)]).toEqual([
      401, 200, 200,
    ]);
    expect(eventsOf(deployment, answer)).toMatchObject([
      { message: 'act', act: 'end-credential', target: jtiOf(credential) },
      { message: 'revoked', kind: 'credential', credential: jtiOf(credential) },
    ]);
    expect(eventsOf(deployment, await deployment.logIn(credential))).toMatchObject([
      { reason: `credential ${jtiOf(credential)}: ended` },
    ]);
    expectDone(await revoke(credential));
    expect((await alice(`GET /v1/tokens/${id}`)).json.disabled).toBe(false);
  });

  it('of an identity ends alone too', async () => {
    const basic = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
    const { password } = (await deployment.send('POST /v1/credentials', { basic, json: {} })).json;
    expect(await statusOf(password)).toBe(200);
    expectDone(await revoke(password));
    expect(await statusOf(password)).toBe(401);
    expect((await alice('GET /v1/tokens')).status).toBe(200);
  });

  it('is stored until it would have expired, and no longer', async () => {
    const credential = await vend();
    deployment.wait(3600);
    const before = deployment.wire.requests.length;
    expectDone(await revoke(credential));
    expect(deployment.wire.requests.slice(before)).toEqual([]);
  });
});

describe('what cannot be ended', () => {
  const NOTHING: Record<string, () => Promise<string> | string> = {
    'a registry token that there is not': () => `plp_${'0'.repeat(87)}`,
    'a registry token with another ending': () => token.replace(/.$/, last => (last === 'a' ? 'b' : 'a')),
    'half a token': () => token.slice(0, 40),
    'a value after its rotation': async () => {
      await rotate(0);
      return token;
    },
    'an expired token': async () => {
      await alice(`PATCH /v1/tokens/${id}`, { json: { expiresInSeconds: 60 } });
      deployment.wait(60);
      return token;
    },
    'a removed token': async () => {
      await alice(`DELETE /v1/tokens/${id}`);
      return token;
    },
    'a disabled token': async () => {
      await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
      return token;
    },
    'a credential with another MAC': async () =>
      (await vend()).replace(/.$/, last => (last === 'A' ? 'B' : 'A')),
    'the prefix of a credential': () => 'plc_',
    'an access token of ours': async () => (await deployment.logIn(token)).json.token,
    'an access token of the IAM': () => deployment.bearerOf(ALICE),
    'a refresh token of the IAM': () => deployment.refreshTokenOf(ALICE),
    'an API key': () => deployment.apiKeyOf(ALICE),
    garbage: () => 'é\0<script>',
    nothing: () => '',
  };
  it.each(Object.entries(NOTHING))('is answered as what can: %s', async (_, make) => {
    const value = await make();
    const audits = await auditsOf(deployment, id);
    const exchanges = deployment.exchanges.length;
    const answer = await revoke(value);
    expectDone(answer);
    expect(eventsOf(deployment, answer)).toMatchObject([{ message: 'revoked', kind: 'nothing' }]);
    expect(await auditsOf(deployment, id)).toEqual(audits);
    expect(deployment.exchanges.length).toBe(exchanges);
  });

  it('is left as it was: the API key, and the token whose ending was another', async () => {
    for (const value of [await deployment.apiKeyOf(ALICE), token.replace(/.$/, '_')]) await revoke(value);
    expect([(await alice('GET /v1/tokens')).status, await statusOf(token)]).toEqual([200, 200]);
  });
});

describe('a request to end something', () => {
  it.each(['access_token', 'refresh_token', 'registry_token', ''])(
    'may say what it is, which counts for nothing: %j',
    async token_type_hint => {
      expectDone(await revoke(token, { token_type_hint }));
      expect(await statusOf(token)).toBe(401);
    },
  );

  it('needs no proof beside what it ends, and reads none', async () => {
    const form = { token, client_id: 'x', client_secret: 'y' };
    expectDone(await deployment.send('POST /oauth/revoke', { form, basic: ['iamapikey', 'x'.repeat(43)] }));
    expect(await statusOf(token)).toBe(401);
  });

  it.each<[string, () => Sent, number]>([
    ['without a token', () => ({ form: { token_type_hint: 'access_token' } }), 400],
    [
      'with two tokens',
      () => ({
        form: [
          ['token', token],
          ['token', token],
        ],
      }),
      400,
    ],
    ['in JSON', () => ({ json: { token } }), 415],
    ['without a body', () => ({}), 400],
  ])('is refused %s, in the shape of OAuth', async (_, sent, status) => {
    const answer = await deployment.send('POST /oauth/revoke', sent());
    expect(answer.status).toBe(status);
    expect(answer.json).toMatchObject({ error: 'invalid_request', error_description: expect.any(String) });
    expect(await statusOf(token)).toBe(200);
  });

  it('reads no token from its query', async () => {
    expect((await deployment.send(`POST /oauth/revoke?token=${token}`, { form: {} })).status).toBe(400);
    expect((await deployment.send(`GET /oauth/revoke?token=${token}`)).status).toBe(405);
    expect(await statusOf(token)).toBe(200);
  });
});

describe('CVE-2020-15223: an end that failed is not reported as one', () => {
  const OPERATIONS = ['BatchGetItem', 'PutItem', 'UpdateItem'] as const;

  it.each(OPERATIONS)('of a token, while the store refuses %s', async lost => {
    deployment.wire.cut = ({ operation }) => operation === lost;
    const { status, json, headers } = await revoke(token);
    deployment.wire.cut = () => false;
    expect([status, json.error]).toEqual([503, 'temporarily_unavailable']);
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(await statusOf(token)).toBe(200);
  });

  it('of a credential, while the store refuses to note it', async () => {
    const credential = await vend();
    deployment.wire.cut = ({ operation }) => operation === 'PutItem';
    const { status } = await revoke(credential);
    deployment.wire.cut = () => false;
    expect([status, await statusOf(credential)]).toEqual([503, 200]);
  });
});
