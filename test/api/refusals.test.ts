/** A refused login, found by the request id that its client prints: what is stored, how often, and for whom. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { accountHandle } from '../../lib/domain/identifiers.ts';
import { ALICE, BOB, type Deployment, deploy } from '../support/deployment.ts';
import type { Received } from '../support/events.ts';
import { SERVICE } from '../support/records.ts';
import { itemsOf } from '../support/stores.ts';

const APP = 'repository:team-a/app:pull';
const ACME = `refused#${accountHandle('dev:acme')}`;

let deployment: Deployment;
beforeEach(async () => {
  deployment = await deploy();
  await deployment.as(ALICE)('PUT /v1/namespaces/team-a');
});
afterEach(() => deployment.close());

const newToken = async (json: object = {}): Promise<{ id: string; token: string }> =>
  (await deployment.as(ALICE)('POST /v1/tokens', { json })).json;

const refusals = async () => (await itemsOf(deployment.table)).filter(({ pk }) => pk.startsWith('refused#'));

/** As docker prints it. */
function printedId({ json }: Received): string {
  const [, id = ''] = / Request id: (\S+)$/.exec(json.details) ?? [];
  return id;
}

const explain = (requestId: string, who = ALICE) =>
  deployment.as(who)('POST /v1/explain', { json: { requestId } });

async function reasonOf(answer: Received): Promise<string> {
  expect(answer.status).toBe(401);
  const { status, json, text } = await explain(printedId(answer));
  expect([status, json.decision, json.granted], text).toEqual([200, 'refused', []]);
  const [request, reason, ...more] = json.steps;
  expect(more).toEqual([]);
  expect([request.check, request.result, reason.result]).toEqual(['request', 'note', 'failed']);
  return reason.detail;
}

/** The value with another secret, and the checksum that goes with it: what someone sends who guesses. */
async function wrongValueOf(token: string): Promise<string> {
  const { formatRegistryToken, parseRegistryToken } = await import('../../lib/domain/registry-token.ts');
  const { Secret } = await import('../../lib/domain/secret.ts');
  const { id } = parseRegistryToken(new Secret(token)) ?? expect.fail('no token');
  return formatRegistryToken('dev:acme', id, new Uint8Array(32).fill(7)).reveal();
}

describe('a refused login of a known account', () => {
  const states: Record<string, readonly [act: (id: string) => Promise<unknown>, reason: RegExp]> = {
    disabled: [
      id => deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } }),
      /^The token was disabled at 2026-11-21T07:00:00Z by dev:alice\.$/,
    ],
    removed: [id => deployment.as(ALICE)(`DELETE /v1/tokens/${id}`), /^The token was removed\.$/],
    expired: [async () => deployment.wait(86_400), /^The token expired at 2026-11-22T07:00:00Z\.$/],
    rotated: [
      id => deployment.as(ALICE)(`POST /v1/tokens/${id}/rotate`, { json: {} }),
      /^(?:The token was rotated, and the value that was presented has ended|There is such a token, and what was presented is none of its values)\.$/,
    ],
    'for other networks': [
      id => deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { networks: ['203.0.113.0/24'] } }),
      /^The token is good from 203\.0\.113\.0\/24 only, and 192\.0\.2\.1 is in none of them\.$/,
    ],
  };
  it.each(Object.keys(states))('is explained by its request id: a token that is %s', async state => {
    const [act, reason] = states[state] ?? expect.fail(state);
    const { id, token } = await newToken();
    await act(id);
    expect(await reasonOf(await deployment.logIn(token, APP))).toMatch(reason);
  });

  it('is explained for a wrong secret of a token that there is', async () => {
    const { token } = await newToken();
    const answer = await deployment.logIn(await wrongValueOf(token), APP);
    expect(await reasonOf(answer)).toBe(
      'There is such a token, and what was presented is none of its values.',
    );
  });

  it('is explained for a credential, by what the log says', async () => {
    const { id, token } = await newToken();
    const { password } = (await deployment.send('POST /v1/credentials', { bearer: token, json: {} })).json;
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    expect(await reasonOf(await deployment.logIn(password, APP))).toBe(
      `The login was refused: token ${id}, of a credential: disabled.`,
    );
  });

  it('says when it was, from where, for which service and repositories, and stores no secret', async () => {
    const { id, token } = await newToken();
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const answer = await deployment.logIn(token, `${APP}&scope=repository:not-a-name&scope=secret:x:y`);
    const { steps } = (await explain(printedId(answer))).json;
    expect(steps[0].detail).toBe(
      `At 2026-11-21T07:00:00Z, token:${id} came from 192.0.2.1 for ${SERVICE.name}, and asked for team-a/app.`,
    );
    const [item, ...more] = await refusals();
    expect(more).toEqual([]);
    expect(item).toEqual({
      ...{ pk: ACME, sk: printedId(answer), at: 1_795_244_400, expiresAt: 1_795_244_400 + 86_400 },
      ...{ subject: `token:${id}`, why: 'disabled', service: SERVICE.name, repositories: ['team-a/app'] },
      sourceAddress: '192.0.2.1',
    });
  });

  it('names no repositories where too many were asked for', async () => {
    const { id, token } = await newToken();
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const scopes = Array.from({ length: 101 }, (_, i) => `repository:team-a/${i}:pull`.padEnd(30, '0'));
    expect(await reasonOf(await deployment.logIn(token, scopes.join('+')))).toMatch(
      /^The token was disabled/,
    );
    expect(await refusals()).toMatchObject([{ repositories: [] }]);
  });

  it('is known to the administrators of its account alone, and for a day', async () => {
    const { id, token } = await newToken({ nonExpiring: true });
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const requestId = printedId(await deployment.logIn(token));
    const foreign = await explain(requestId, BOB);
    const unknown = await explain('01a1fd51-c23e-7c1e-8dcf-87c09e970095', BOB);
    expect([foreign.status, foreign.json.detail]).toEqual([404, unknown.json.detail]);
    deployment.wait(86_399);
    expect((await explain(requestId)).status).toBe(200);
    deployment.wait(1);
    expect((await explain(requestId)).status).toBe(404);
  });

  it.each(['', 'a b', 'ä', 'x'.repeat(129)])('is not asked for by %j: 400', async requestId => {
    expect((await explain(requestId)).status).toBe(400);
  });

  it('goes with nothing that the refusal says itself', async () => {
    const json = { requestId: 'r', scope: APP };
    expect((await deployment.as(ALICE)('POST /v1/explain', { json })).status).toBe(400);
  });
});

describe('nothing is stored', () => {
  it.each<[string, (token: string) => Promise<Received> | Received]>([
    ['of a login that is granted', token => deployment.logIn(token, APP)],
    ['of a login that gets nothing', token => deployment.logIn(token, 'repository:other/app:pull')],
    ['of an unknown token', () => deployment.logIn(`plp_${'0'.repeat(87)}`)],
    [
      'of a token with a made-up account',
      async () => {
        const { formatRegistryToken } = await import('../../lib/domain/registry-token.ts');
        const id = '01a1fd51-c23e-7c1e-8dcf-87c09e970095';
        return deployment.logIn(formatRegistryToken('dev:acme', id, new Uint8Array(32)).reveal());
      },
    ],
    ['of a typo', token => deployment.logIn(token.slice(0, -1))],
    ['of a credential that is not ours', () => deployment.logIn('plc_k1.abc')],
    [
      'of an unknown API key',
      () => deployment.send('GET /oauth/token', { basic: ['iamapikey', 'x'.repeat(43)] }),
    ],
    ['of an anonymous login', () => deployment.send('GET /oauth/token')],
  ])('%s', async (_, logIn) => {
    const { token } = await newToken();
    await logIn(token);
    expect(await refusals()).toEqual([]);
  });

  it('when the table does not answer, and the login is refused as ever', async () => {
    const { id, token } = await newToken();
    await deployment.as(ALICE)(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    deployment.wire.cut = ({ body }) => body.includes('refused#');
    const answer = await deployment.logIn(token);
    deployment.wire.cut = () => false;
    expect([answer.status, (await explain(printedId(answer))).status]).toEqual([401, 404]);
  });

  it('where too many logins of an address have failed', async () => {
    const limited = await deploy({ environment: { PULLPASS_FAILURES_PER_MINUTE: '1' } });
    const alice = limited.as(ALICE);
    const { id, token } = (await alice('POST /v1/tokens', { json: {} })).json;
    await alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    const statuses = [await limited.logIn(token), await limited.logIn(token)].map(({ status }) => status);
    const stored = (await itemsOf(limited.table)).filter(({ pk }) => pk.startsWith('refused#'));
    await limited.close();
    expect([statuses, stored.length]).toEqual([[401, 429], 1]);
  });
});

it('an attacker who knows an identifier causes ten writes a minute, and no more', async () => {
  const { token } = await newToken();
  const wrong = await wrongValueOf(token);
  for (let i = 0; i < 30; i++) expect((await deployment.logIn(wrong)).status).toBe(401);
  expect(await refusals()).toHaveLength(10);
  deployment.wait(60);
  for (let i = 0; i < 30; i++) await deployment.logIn(wrong);
  expect(await refusals()).toHaveLength(20);
});
