/**
 * The packaged stack where every call to AWS is decided by the policies of who calls: ministack's reading of IAM, with the roles of the
 * functions, their conditions on keys and attributes, and the policy of the derivation key.
 */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Checkout } from '../support/ministack/checkout.ts';
import { Ministack } from '../support/ministack/ministack.ts';
import { logIn, Stage } from '../support/ministack/stage.ts';

// Two deployments.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

let region: Ministack;
let stage: Stage;
let checkout: Checkout;
let base: string;
beforeAll(async () => {
  [region, stage] = await Promise.all([Ministack.start({ AUTH: 'true' }), Stage.open('authorized')]);
  checkout = await stage.checkout(region);
  base = await stage.deploy(checkout, region);
});
afterAll(async () => {
  await stage?.close();
  await region?.stop();
});

async function invoke(name: string, event: object): Promise<unknown> {
  const { Payload, FunctionError } = await region.aws('lambda', 'invoke', {
    FunctionName: `pullpass-dev-${name}`,
    Payload: JSON.stringify(event),
  });
  expect([name, FunctionError, Payload]).toEqual([name, undefined, expect.any(String)]);
  return JSON.parse(Payload);
}

it('its functions may do all that they need: tokens, values, logins, credentials, their end, and what runs by the clock', async () => {
  await stage.manage('PUT /v1/namespaces/team-a', base);
  const { id, token } = await stage.manage('POST /v1/tokens', base, { access: 'push', retrievable: true });
  expect((await logIn(base, token)).status).toBe(200);
  // Derived by KMS again, and not stored.
  expect((await stage.manage(`GET /v1/tokens/${id}/value`, base)).token).toBe(token);
  const vended = await fetch(`${base}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: '{}',
  });
  const { password } = (await vended.json()) as { password: string };
  expect((await logIn(base, password)).status).toBe(200);
  const revoked = await fetch(`${base}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: password }),
  });
  expect(revoked.status).toBe(200);
  expect((await logIn(base, password)).status).toBe(401);
  expect(await invoke('keys', { maintain: true })).toMatchObject({ left: [] });
  expect(await invoke('cleanup', {})).toMatchObject({ finished: true });
  expect(await invoke('restore', { dryRun: true })).toMatchObject({ finished: true });
  await stage.manage(`DELETE /v1/tokens/${id}`, base);
  expect((await logIn(base, token)).status).toBe(401);
});

it('a right that is missing is noticed: without kms:GenerateMac no value is derived, and the deployment says which function cannot serve', async () => {
  await checkout.edit('infra/keys.yml', text =>
    text.replace(
      'Action: kms:GenerateMac\n            Resource: !GetAtt',
      'Action: kms:VerifyMac\n            Resource: !GetAtt',
    ),
  );
  const { code, output } = await checkout.osls('deploy');
  expect([code, output]).toEqual([1, expect.stringContaining('pullpass-dev-management derivation key')]);
});
