/** The time-outs as they are shipped: what waits for an issuer that hangs is answered within three seconds. */
import { randomBytes } from 'node:crypto';
import { expect, it } from 'vitest';
import { Secret } from '../../lib/domain/secret.ts';
import { issuerKeySet } from '../../lib/iam/issuer-keys.ts';
import { identityVerifier } from '../../lib/iam/verifier.ts';
import { LoopbackIam, only } from './loopback-iam.ts';
import { NOW_MS } from './tokens.ts';

async function hanging(route: 'keys' | 'token'): Promise<LoopbackIam> {
  const iam = await new LoopbackIam().open();
  await iam.setFault(route, 'hang');
  return iam;
}

async function secondsUntilRefused(work: Promise<unknown>): Promise<number> {
  const started = performance.now();
  await expect(work).rejects.toMatchObject({ code: 'unavailable' });
  return (performance.now() - started) / 1000;
}

it('gives up an exchange after 1.5 s', async () => {
  const iam = await hanging('token');
  const verifier = identityVerifier({ ...only(iam.issuer()), randomBytes });
  const secret = new Secret('api-key-of-a-build-farm');
  const seconds = await secondsUntilRefused(verifier.identify({ kind: 'iamapikey', secret }, NOW_MS));
  await iam.close();
  expect(seconds).toBeGreaterThan(1.4);
  expect(seconds).toBeLessThan(2.5);
});

it('gives up fetching keys after 2.5 s', async () => {
  const iam = await hanging('keys');
  const seconds = await secondsUntilRefused(issuerKeySet(iam.issuer().keysUrl).find('k1', NOW_MS));
  await iam.close();
  expect(seconds).toBeGreaterThan(2.4);
  expect(seconds).toBeLessThan(3);
});
