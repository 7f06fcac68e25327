/** The cleanup function over the table that the others write. */
import { afterEach, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';

let deployment: Deployment;
afterEach(() => deployment.close());

it('removes ended tokens after an hour, says how many, and leaves the others', async () => {
  deployment = await deploy();
  const alice = deployment.as(ALICE);
  for (let i = 0; i < 3; i++) await alice('POST /v1/tokens', { json: { expiresInSeconds: 60 } });
  const { token } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const { handler } = await import('../../functions/cleanup.ts');
  const run = () => handler(undefined, { getRemainingTimeInMillis: () => 60_000 });
  deployment.wait(60 + 3599);
  expect(await run()).toMatchObject({ removed: 0, finished: true });
  deployment.wait(2);
  expect(await run()).toMatchObject({ removed: 3, kept: 0, finished: true });
  expect(JSON.parse(deployment.logs.at(-1) ?? '')).toMatchObject({ message: 'cleaned-up', removed: 3 });
  expect((await deployment.logIn(token)).status).toBe(200);
});

it('fails loudly when the store does not answer, so that an alarm can ring', async () => {
  deployment = await deploy();
  const { handler } = await import('../../functions/cleanup.ts');
  deployment.wire.cut = () => true;
  await expect(handler(undefined, { getRemainingTimeInMillis: () => 60_000 })).rejects.toThrow();
});
