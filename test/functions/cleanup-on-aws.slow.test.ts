/** The cleanup on AWS: DynamoDB's time to live removes what has expired, and a delete is paid for only where that did not happen. */
import { expect, it, onTestFinished } from 'vitest';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { ALICE, deploy } from '../support/deployment.ts';

const TOKENS = 3;

it('deletes nothing that expired in the last seven days, and what is left after that', async () => {
  // DynamoDB Local has no time to live here, as a table that was restored and not configured.
  const deployment = await deploy({ onAws: true });
  onTestFinished(() => deployment.close());
  const alice = deployment.as(ALICE);
  for (let i = 0; i < TOKENS; i++) await alice('POST /v1/tokens', { json: { expiresInSeconds: 60 } });
  const { token } = (await alice('POST /v1/tokens', { json: { nonExpiring: true } })).json;
  const run = async () => {
    // The attestation of the table is good for six hours.
    await deployment.initialise();
    deployment.wire.requests.length = 0;
    const counts = await createCleanup(deployment.serving)(
      {},
      { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 60_000 },
    );
    const deletes = deployment.wire.requests.filter(({ operation }) => operation === 'DeleteItem');
    return { ...counts, deletes: deletes.length };
  };
  deployment.wait(60 + 7 * DAY_SECONDS - 1);
  expect(await run()).toMatchObject({ removed: 0, deletes: 0, finished: true });
  deployment.wait(2);
  expect(await run()).toMatchObject({ removed: TOKENS, deletes: TOKENS, finished: true });
  expect((await deployment.logIn(token)).status).toBe(200);
});
