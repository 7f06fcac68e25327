/** The life of a deployment on ministack, an emulator of AWS that makes every resource of the template and runs the functions. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Checkout } from './support/ministack/checkout.ts';
import { Ministack } from './support/ministack/ministack.ts';

let ministack: Ministack;
let checkout: Checkout;
beforeAll(async () => {
  ministack = await Ministack.start();
  checkout = await Checkout.make(ministack);
});
afterAll(async () => {
  await checkout?.remove();
  await ministack?.stop();
});

it('one command deploys, and the API answers', async () => {
  const { Url = '' } = await checkout.deploy();
  const api = /^https:\/\/(\w+)\.execute-api\./.exec(Url)?.[1] ?? '';
  const base = ministack.apiUrl(api);
  expect(await (await fetch(`${base}/.well-known/jwks.json`)).json()).toMatchObject({
    keys: [{ alg: 'ES256' }],
  });
  const headers = { authorization: `Basic ${btoa('token:wrong')}` };
  const answer = await fetch(`${base}/oauth/token?service=registry.example.com`, { headers });
  expect([answer.status, await answer.text()]).toEqual([401, expect.stringContaining('UNAUTHORIZED')]);
});
