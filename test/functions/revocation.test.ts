/** The end of a secret by its holder, in the function that writes tokens: what each request costs, and what it needs. */
import { afterEach, expect, it } from 'vitest';
import { createManagement } from '../../lib/compose/management.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

/** What the store was asked, beside the answer. */
async function costOf(token: string): Promise<[number, ...string[]]> {
  const before = deployment.wire.requests.length;
  const { status } = await deployment.send('POST /oauth/revoke', { form: { token } });
  return [status, ...deployment.wire.requests.slice(before).map(({ operation }) => operation)];
}

it('the management function reads, records and writes once when it ends a token or a credential', async () => {
  deployment = await deploy();
  const bearer = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json.token;
  const { json } = await deployment.send('POST /v1/credentials', { bearer, json: {} });
  expect(await costOf(json.password)).toEqual([200, 'BatchGetItem', 'PutItem', 'PutItem']);
  expect(await costOf(bearer)).toEqual([200, 'BatchGetItem', 'PutItem', 'UpdateItem']);
  expect(await costOf('plp_x')).toEqual([200]);
  expect(await costOf('plc_x')).toEqual([200]);
});

it('the management function does not start without a credential key', async () => {
  deployment = await deploy();
  const world = deployment.worldWith({ PULLPASS_CREDENTIAL_KEY: undefined });
  expect(() => createManagement(world)).toThrow('PULLPASS_CREDENTIAL_KEY is missing');
});
