/** What the ledger asks of the functions: nothing is acknowledged that it does not have, and a login costs no more. */
import { afterEach, describe, expect, it } from 'vitest';
import { grantOf } from '../support/claims.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

const SCOPE = 'repository:team-a/app:*';

describe('while the ledger does not answer', () => {
  it('nothing is taken away, and whoever asks for it is told so; everything else goes on', async () => {
    deployment = await deploy({ tableLedger: true });
    const alice = deployment.as(ALICE);
    await alice('PUT /v1/namespaces/team-a');
    const { id, token } = (await alice('POST /v1/tokens', { json: { access: 'push' } })).json;
    const credential = (await deployment.send('POST /v1/credentials', { bearer: token, json: {} })).json
      .password;
    const policy = { subject: 'dave', role: 'writer', repositories: ['team-a/*'] };
    const { id: policyId } = (await alice('POST /v1/policies', { json: policy })).json;
    deployment.wire.cut = ({ body }) => body.includes('"ledger#');

    const refused = await Promise.all([
      alice(`DELETE /v1/tokens/${id}`),
      alice(`PATCH /v1/tokens/${id}`, { json: { disabled: true } }),
      alice(`PATCH /v1/tokens/${id}`, { json: { access: 'pull' } }),
      alice(`POST /v1/tokens/${id}/rotate`, { json: {} }),
      alice('DELETE /v1/namespaces/team-a'),
      alice('PUT /v1/namespaces/team-b'),
      alice(`DELETE /v1/policies/${policyId}`),
      deployment.send('POST /oauth/revoke', { form: { token } }),
      deployment.send('POST /oauth/revoke', { form: { token: credential } }),
    ]);

    expect(refused.map(({ status }) => status)).toEqual(refused.map(() => 503));
    expect(refused.every(({ headers }) => headers['retry-after'] !== undefined)).toBe(true);
    expect(grantOf(await deployment.logIn(token, SCOPE))).toEqual(['repository:team-a/app:pull,push']);
    expect(grantOf(await deployment.logIn(credential, SCOPE))).toEqual(['repository:team-a/app:pull']);
    expect((await alice('GET /v1/policies')).json.policies).toHaveLength(1);
    expect((await alice('GET /v1/namespaces')).json.namespaces).toHaveLength(1);
    expect((await alice('POST /v1/tokens', { json: {} })).status).toBe(201);
    expect((await alice(`PATCH /v1/tokens/${id}`, { json: { description: 'x' } })).status).toBe(200);

    deployment.wire.cut = () => false;
    expect((await alice(`DELETE /v1/tokens/${id}`)).status).toBe(204);
    expect((await deployment.logIn(token)).status).toBe(401);
  });
});

describe.each([
  ['on one machine', false, ['GetItem']],
  ['on AWS', true, ['DescribeTable', 'GetItem']],
] as const)('whose the table is %s', (_, tableLedger, calls) => {
  it('is asked at the first login and twice a minute, of any number of logins', async () => {
    deployment = await deploy({ tableLedger });
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    deployment.wire.looks.length = 0;
    for (let second = 0; second < 120; second++) {
      for (let login = 0; login < 5; login++) expect((await deployment.logIn(token)).status).toBe(200);
      deployment.wait(1);
    }
    const looks = deployment.wire.looks.map(({ operation }) => operation);
    expect(looks).toHaveLength(4 * calls.length);
    expect(new Set(looks)).toEqual(new Set(calls));
  });

  it('denies every login that comes later than a minute after the last answer', async () => {
    deployment = await deploy({ tableLedger });
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    expect((await deployment.logIn(token)).status).toBe(200);
    deployment.wire.cut = ({ body, operation }) =>
      operation === 'DescribeTable' || body.includes('"identity"');
    deployment.wait(59);
    expect((await deployment.logIn(token)).status).toBe(200);
    deployment.wait(1);
    expect((await deployment.logIn(token)).status).toBe(503);
    deployment.wire.cut = () => false;
    expect((await deployment.logIn(token)).status).toBe(200);
  });
});
