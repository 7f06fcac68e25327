/** What each request adds to the figures of a deployment. */

import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { DENIALS } from '../../lib/domain/errors.ts';
import { REVOCATIONS_PER_MINUTE } from '../../lib/usecases/revoke.ts';
import { ALICE, BOB, MALLORY } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { figuresIn } from '../support/metrics.ts';
import { deployment, useDeployment } from '../support/setup.ts';

let token: { id: string; token: string };
useDeployment(() => ({
  environment: {
    PULLPASS_STAGE: 'test',
    PULLPASS_FAILURES_PER_MINUTE: '40',
    PULLPASS_NAMESPACES: 'dev:acme=team-*',
  },
}));
beforeAll(async () => {
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
  token = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
});
beforeEach(async () => {
  deployment.iamAnswers = true;
  deployment.wire.cut = () => false;
  deployment.wait(60);
  // Twice a minute a request also looks whose table it is; these are not the ones.
  await Promise.all([deployment.as(ALICE)('GET /v1/tokens'), deployment.send('GET /health')]);
});

/** The figures of one request, by name; there is one line of them. */
async function figuresOf(request: Promise<Received>): Promise<Record<string, unknown>> {
  const { headers } = await request;
  const [figures, ...more] = figuresIn(deployment.logs).filter(
    ({ members }) => members.requestId === headers['x-request-id'],
  );
  expect(more).toEqual([]);
  const entries = Object.entries(figures?.metrics ?? {}).map(([name, value]) => [
    name.replace('Pullpass Stage=test ', '').replace(/ \w+$/, ''),
    value,
  ]);
  return Object.fromEntries(entries);
}

const logIn = (secret: string, scope?: string) => deployment.logIn(secret, scope);
const PULL = 'repository:team-a/app:pull';

describe('a request adds to the figures', () => {
  it('a login, with the one call to the store that it makes, and how long it took', async () => {
    await logIn(token.token, PULL);
    expect(await figuresOf(logIn(token.token, PULL))).toEqual({
      Logins: 1,
      StoreCalls: 1,
      LatencyMs: expect.any(Number),
    });
  });

  it('a credential that was vended, by either way', async () => {
    const vending = deployment.send('POST /v1/credentials', { bearer: token.token, json: {} });
    expect(await figuresOf(vending)).toMatchObject({ Vended: 1 });
    const form = {
      grant_type: 'urn:ietf:params:oauth:grant-type:token-exchange',
      subject_token: token.token,
      subject_token_type: 'urn:ietf:params:oauth:token-type:access_token',
    };
    const exchange = await figuresOf(deployment.send('POST /oauth/token', { form }));
    expect(exchange).toMatchObject({ Vended: 1 });
    expect(exchange.Logins).toBeUndefined();
  });

  it('the calls of management and their failures, each once however often it is sent', async () => {
    expect(await figuresOf(deployment.as(ALICE)('GET /v1/tokens'))).toEqual({
      StoreCalls: 1,
      LatencyMs: expect.any(Number),
    });
    deployment.wire.cut = () => true;
    expect(await figuresOf(deployment.as(ALICE)('GET /v1/tokens'))).toMatchObject({
      StoreCalls: 1,
      StoreFailures: 1,
    });
    expect(await figuresOf(logIn(token.token))).toMatchObject({ StoreCalls: 1, StoreFailures: 1 });
  });

  it('no failure for a condition that does not hold', async () => {
    const add = () =>
      deployment.as(ALICE)('POST /v1/tokens', { json: {}, headers: { 'idempotency-key': 'once' } });
    await add();
    expect(await figuresOf(add())).not.toHaveProperty('StoreFailures');
  });

  it('an issuer that did not answer', async () => {
    const password = await deployment.apiKeyOf(BOB);
    deployment.iamAnswers = false;
    const login = deployment.send('GET /oauth/token?service=localhost:5000', {
      basic: ['iamapikey', `${password}x`],
    });
    expect(await figuresOf(login)).toEqual({ IamFailures: 1, LatencyMs: expect.any(Number) });
  });
});

describe('a denial is counted by its reason', () => {
  const refused = async (why: string, request: Promise<Received>) =>
    expect(await figuresOf(request)).toMatchObject({ Denials: 1, [`Reason=${why} Denials`]: 1 });
  const bad = (secret: string) => logIn(secret, PULL);
  const elsewhere = { networks: ['203.0.113.0/24'] };
  const added = async (json: object) => (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;
  const revoking = (secret: string) => deployment.send('POST /oauth/revoke', { form: { token: secret } });
  const vended = async (parent: string) =>
    (await deployment.send('POST /v1/credentials', { bearer: parent, json: {} })).json.password;

  const CASES: Record<(typeof DENIALS)[number], () => Promise<void>> = {
    'no-secret': () => refused('no-secret', deployment.send('GET /v1/tokens')),
    'unknown-secret': () => refused('unknown-secret', bad(`plp_${'0'.repeat(87)}`)),
    expired: async () => {
      const { token: secret } = await added({ expiresInSeconds: 60 });
      const credential = await vended(secret);
      deployment.wait(61);
      await refused('expired', bad(secret));
      await refused('expired', bad(credential));
    },
    ended: async () => {
      const { id, token: secret } = await added({});
      const credential = await vended(secret);
      await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
      await refused('ended', bad(secret));
      await deployment.as(ALICE)(`DELETE /v1/tokens/${id}`);
      await refused('ended', bad(secret));
      await refused('ended', bad(credential));
    },
    misplaced: async () => {
      const basic = ['iamapikey', token.token] as const;
      await refused('misplaced', deployment.send('GET /oauth/token?service=localhost:5000', { basic }));
      await refused('misplaced', deployment.send('GET /v1/tokens', { basic: ['token', token.token] }));
    },
    'network-not-allowed': async () => {
      const { token: secret } = await added(elsewhere);
      await refused('network-not-allowed', bad(secret));
    },
    'not-proven': () => {
      const basic = ['iamapikey', 'api-key-that-is-unknown-0123456789'] as const;
      return refused('not-proven', deployment.send('GET /oauth/token?service=localhost:5000', { basic }));
    },
    'no-role': () => refused('no-role', deployment.as(MALLORY)('GET /v1/tokens')),
    'registration-closed': () =>
      refused('registration-closed', deployment.as(ALICE)('PUT /v1/namespaces/other')),
    'wider-than-parent': () => {
      const json = { access: 'push' };
      return refused(
        'wider-than-parent',
        deployment.send('POST /v1/credentials', { bearer: token.token, json }),
      );
    },
    'too-often': async () => {
      const { token: parent } = await added({});
      for (let i = 0; i < REVOCATIONS_PER_MINUTE; i++) await revoking(await vended(parent));
      const last = await vended(parent);
      await refused('too-often', revoking(last));
      expect((await logIn(last)).status).toBe(200);
    },
    'nothing-granted': async () => {
      await refused('nothing-granted', logIn(token.token, 'repository:rival/app:pull'));
      expect(await figuresOf(logIn(token.token))).not.toHaveProperty('Denials');
    },
  };

  it.each(DENIALS)('%s', denial => CASES[denial]());

  it('also when its source has failed too often and gets 429', async () => {
    for (let i = 0; i < 40; i++) await bad('wrong');
    const limited = bad('wrong');
    expect((await limited).status).toBe(429);
    expect(await figuresOf(limited)).toMatchObject({
      Denials: 1,
      RateLimited: 1,
      'Reason=unknown-secret Denials': 1,
    });
  });
});
