/** What the ledger asks of the functions on AWS: nothing is acknowledged that it does not have, and a login costs no more. */
import { afterEach, describe, expect, it } from 'vitest';
import { grantOf } from '../support/claims.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { tableMatchTests } from '../support/table-match.ts';

const SCOPE = 'repository:team-a/app:*';

describe('the match of table and ledger on AWS', () => tableMatchTests(true, ['GetItem', 'GetItem']));

describe('while the ledger does not answer', () => {
  let deployment: Deployment;
  afterEach(() => deployment.close());

  it('revocations are refused with 503; everything else goes on', async () => {
    deployment = await deploy({ onAws: true });
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
