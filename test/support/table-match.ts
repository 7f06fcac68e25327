/** How often a deployment asks whether its table is the ledger's, and what it does without an answer. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it } from 'vitest';
import { ALICE, type Deployment, deploy } from './deployment.ts';

/** Defines the tests; `calls` are what one question asks of the store. */
export function tableMatchTests(onAws: boolean, calls: readonly string[]): void {
  let deployment: Deployment;
  afterEach(() => deployment.close());

  it('is asked at the first login and twice a minute, of any number of logins', async () => {
    deployment = await deploy({ onAws });
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    deployment.wire.markerReads.length = 0;
    for (let second = 0; second < 120; second++) {
      for (let login = 0; login < 5; login++) expect((await deployment.logIn(token)).status).toBe(200);
      // The guard asks beside a login.
      await sleep(1);
      deployment.wait(1);
    }
    const reads = deployment.wire.markerReads.map(({ operation }) => operation);
    expect(reads).toHaveLength(4 * calls.length);
    expect(new Set(reads)).toEqual(new Set(calls));
  });

  it('denies every login that comes later than a minute after the last answer', async () => {
    deployment = await deploy({ onAws });
    const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
    expect((await deployment.logIn(token)).status).toBe(200);
    deployment.wire.cut = ({ body, operation }) =>
      operation === 'DescribeTable' || /"identity"|attested#/.test(body);
    deployment.wait(59);
    expect((await deployment.logIn(token)).status).toBe(200);
    deployment.wait(1);
    expect((await deployment.logIn(token)).status).toBe(503);
    deployment.wire.cut = () => false;
    expect((await deployment.logIn(token)).status).toBe(200);
  });
}
