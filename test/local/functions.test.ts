/** Each function of npm start has its own room: a flood of one leaves the others theirs. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { createFunctions } from '../../local/functions.ts';
import { FUNCTION_LIMITS } from '../../local/limits.ts';
import { LoopbackIam } from '../iam/loopback-iam.ts';
import { ALICE } from '../support/deployment.ts';
import { basicHeader, CONTEXT, eventOf } from '../support/events.ts';
import { deployment, useDeployment } from '../support/setup.ts';
import { itemsOf } from '../support/stores.ts';

useDeployment();

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

it('junk that waits for an issuer takes no room of logins with a registry token', async () => {
  const issuer = await new LoopbackIam().open();
  issuer.exchange = () => new Promise(() => undefined);
  const file = join(deployment.directory, 'silent.json');
  await writeFile(file, JSON.stringify([{ ...issuer.issuer(), client: undefined }]));
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
  const world = deployment.worldWith({ PULLPASS_ISSUERS: file, PULLPASS_ADMINISTRATORS: undefined });
  const limits = { ...FUNCTION_LIMITS, waiting: 0 };
  const { invoke } = createFunctions({ ...world, iamLimits: { exchangeMs: 300, waitMs: 300 } }, limits);
  const logIn = (user: readonly [string, string], sourceIp: string) =>
    invoke(eventOf('GET /oauth/token', { basic: user, sourceIp }), CONTEXT);
  const junk: Promise<unknown>[] = [];
  for (let i = 0; i < 1000; i++) {
    junk.push(logIn(['iamapikey', `junk-key-${i}`], `198.51.100.${i % 10}`));
    if (i % 100 === 99) await sleep(1);
  }
  // By then all of the junk waits for the issuer.
  await sleep(50);
  expect(await logIn(['token', token], '192.0.2.1')).toMatchObject({ statusCode: 200 });
  for (const refused of await Promise.all(junk)) expect(refused).toMatchObject({ statusCode: 503 });
  await issuer.close();
});

it('an address that failed too often does not get its API keys to the issuer; its tokens and others log in', async () => {
  const { token } = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json;
  const { invoke } = createFunctions(deployment.worldWith({ PULLPASS_FAILURES_PER_MINUTE: '3' }));
  const logIn = async (user: readonly [string, string], sourceIp: string) =>
    (await invoke(eventOf('GET /oauth/token', { basic: user, sourceIp }), CONTEXT)).statusCode;
  const key = await deployment.apiKeyOf(ALICE);
  for (const i of [1, 2, 3]) expect(await logIn(['iamapikey', `junk-key-${i}`], '2001:db8::1')).toBe(401);
  const asked = deployment.exchanges.length;
  expect(await logIn(['iamapikey', key], '2001:db8::2')).toBe(429);
  expect(deployment.exchanges.length).toBe(asked);
  expect(await logIn(['token', token], '2001:db8::2')).toBe(200);
  expect(await logIn(['iamapikey', key], '2001:db8:0:1::1')).toBe(200);
  expect(await logIn(['iamapikey', key], '2001:db8::2')).toBe(200);
});

it('the cleanup deletes nothing by a clock that was set forward while the process runs', async () => {
  await deployment.as(ALICE)('POST /v1/tokens', { json: {} });
  const stored = async () =>
    (await itemsOf(deployment.table)).filter(({ sk }) => sk.startsWith('token#')).length;
  const before = createFunctions(deployment.serving);
  const all = await stored();
  deployment.wait(400 * 86_400);
  await expect(before.cleanUp()).rejects.toThrow('the clock was set forward');
  expect(await stored()).toBe(all);
  await createFunctions(deployment.serving).cleanUp();
  expect(await stored()).toBe(0);
});
