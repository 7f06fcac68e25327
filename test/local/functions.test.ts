/** Each function of npm start has its own room: a flood of one leaves the others theirs. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { createFunctions } from '../../local/functions.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { basicHeader, CONTEXT, eventOf } from '../support/events.ts';

let deployment: Deployment;

beforeAll(async () => {
  deployment = await deploy();
});
afterAll(() => deployment.close());

it('logins without room are refused at once, and a token can still be removed', async () => {
  const { id, token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
  const { invoke } = createFunctions(deployment.serving, {
    atOnce: 1,
    atOncePerSource: 1,
    waiting: 0,
    waitMs: 10,
  });
  const basic = async (line: string, user: readonly [string, string]) =>
    invoke(eventOf(line, { headers: { authorization: basicHeader(user) } }), CONTEXT);
  const administrator = ['iamapikey', await deployment.apiKeyOf(ALICE)] as const;
  const [first, second, removal] = await Promise.allSettled([
    basic('GET /oauth/token', ['token', token]),
    basic('GET /oauth/token', ['token', token]),
    basic(`DELETE /v1/tokens/${id}`, administrator),
  ]);
  expect(first).toMatchObject({ value: { statusCode: 200 } });
  expect(second).toMatchObject({ reason: { code: 'unavailable' } });
  expect(removal).toMatchObject({ value: { statusCode: 204 } });
});
