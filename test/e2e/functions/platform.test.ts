/** Every function under the conditions of Lambda: read-only disk, freezes, silence from AWS, a wrong configuration. */
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import type { HttpResult } from '../../../lib/http/request.ts';
import { ofType } from '../../infra/support/cloudformation.ts';
import { eventOf, received } from '../../support/events.ts';
import { times } from '../support/deployment.ts';
import { expectRefusal, expectSuccess } from '../support/expect.ts';
import { DeployedPullpass } from '../support/lambda/deployed.ts';
import type { LambdaFunction } from '../support/lambda/function.ts';
import { FunctionFailed } from '../support/lambda/runtime-api.ts';
import { LOGIN_REFUSED } from '../support/texts.ts';
import { useWorld } from '../support/world.ts';

const world = useWorld({ registries: [{ kind: 'distribution 3.1' }] });
/** Longer than a ring, or what is known of an identity, is believed without asking again. */
const LONG_MS = 62_000;
const MIB = 1024 * 1024;
const EVENTS = 200;
const WIDTH = 4;

function deployed(): DeployedPullpass {
  const { pullpass } = world();
  if (!(pullpass instanceof DeployedPullpass)) throw new Error('These are tests of functions.');
  return pullpass;
}

/** A function like the deployed one, but for some variables. */
function likeness(name: string, variables: Readonly<Record<string, string>>): LambdaFunction {
  const like = deployed().function(name).like(variables);
  onTestFinished(() => like.stop());
  return like;
}

it('a function may write in /tmp and nowhere else, and runs as the user nobody', async () => {
  const directory = join(deployed().settings.PULLPASS_DATA, 'probe');
  await mkdir(directory);
  await writeFile(join(directory, 'index.mjs'), PROBE);
  const probe = deployed().function('fallback').like({}, directory);
  onTestFinished(() => probe.stop());
  expect(await probe.invoke({})).toEqual({
    uid: 993,
    home: '/home/sbx_user1051',
    '/tmp/x': 'written',
    '/var/task/x': 'EROFS',
    '/x': 'EROFS',
    '/home/x': 'EROFS',
    '/var/tmp/x': 'ENOENT',
    // A project in /tmp is out of sight behind Lambda's own.
    [`${import.meta.dirname}/x`]: expect.stringMatching(/^(?:EROFS|ENOENT)$/),
  });
});

const PROBE = `
import { writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
const places = ['/tmp/x', '/var/task/x', '/x', '/home/x', '/var/tmp/x', ${JSON.stringify(`${import.meta.dirname}/x`)}];
const tried = place => { try { writeFileSync(place, ''); return 'written'; } catch (error) { return error.code; } };
export const handler = async () => ({
  uid: process.getuid(), home: homedir(), ...Object.fromEntries(places.map(place => [place, tried(place)])),
});
`;

it('what is vended by the packaged functions logs in, pulls, and ends when it is revoked', async () => {
  const { pullpass, registry } = world();
  const { reference } = await world().pushed('team-a/vended');
  const { token } = await pullpass.addToken({ access: 'push' });
  const vended = await fetch(`${pullpass.url}/v1/credentials`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ repositories: ['team-a/*'] }),
  });
  expect(vended.status).toBe(201);
  const { password } = (await vended.json()) as { password: string };
  const skopeo = await world().loggedIn('skopeo', password);
  expectSuccess(await skopeo.pull(reference));

  const revoked = await fetch(`${pullpass.url}/oauth/revoke`, {
    method: 'POST',
    body: new URLSearchParams({ token: password }),
  });
  expect(revoked.status).toBe(200);
  expectRefusal(
    await (await world().client('skopeo')).login(registry.address, 'token', password),
    LOGIN_REFUSED.skopeo,
  );
});

it('the runtime passes on each line that a function writes, as it is, in the format of the template', async () => {
  const { pullpass } = world();
  const { token } = await pullpass.addToken();
  await pullpass.logIn('token', token);
  const lines = deployed().function('login').log.trim().split('\n');
  const events = lines.map(line => JSON.parse(line)).filter(({ message }) => message === 'login');
  expect(events.at(-1)).toMatchObject({ level: 'INFO', message: 'login', service: 'pullpass' });
});

it('an instance that was frozen for long believes no identity, and reconnects', async () => {
  const { pullpass, registry } = world();
  const eve = { iam_id: 'eve', account_id: 'dev', name: 'eve' };
  const { id, apikey } = await pullpass.manage('POST', '/iam/v1/apikeys', eve);
  const { token } = await pullpass.addToken();
  const logIn = () => pullpass.logIn('token', token, { service: registry.address });
  expect((await logIn()).status).toBe(200);
  expect((await pullpass.logIn('iamapikey', apikey)).status).toBe(200);
  const [login] = [...deployed().function('login').instances];
  await expect.poll(() => login?.state(), { timeout: 5_000 }).toBe('stopped');
  const instances = deployed().function('login').instances.size;

  // Its ring is older than the one of the service now, whose former leaf stays good.
  await pullpass.rotateKey(registry.address);
  await pullpass.manage('DELETE', `/iam/v1/apikeys/${id}`);
  await sleep(LONG_MS);

  expect((await logIn()).status).toBe(200);
  expect((await pullpass.logIn('iamapikey', apikey)).status).toBe(401);
  expect(deployed().function('login').instances.size).toBe(instances);
});

describe('a function that cannot be loaded', () => {
  it.each([
    [
      'login',
      { PULLPASS_KEYS: 'nowhere', PULLPASS_TYPO: 'x' },
      ['PULLPASS_KEYS must be', 'PULLPASS_TYPO is not'],
    ],
    ['management', { PULLPASS_DERIVATION_KEY: 'alias/x' }, ['PULLPASS_DERIVATION_KEY must be']],
    [
      'discovery',
      { PULLPASS_SERVICES: '/var/task/none.json' },
      ['PULLPASS_SERVICES names /var/task/none.json, which does not exist'],
    ],
    ['keys', { PULLPASS_CREDENTIAL_KEY: '' }, ['PULLPASS_CREDENTIAL_KEY']],
  ])('%s says in its log what is wrong, each time', async (name, variables, texts) => {
    const broken = likeness(name, variables);
    for (const _ of [1, 2]) await expect(broken.invoke({})).rejects.toThrow(FunctionFailed);
    for (const text of texts) expect(broken.log.split(text).length - 1, broken.log).toBeGreaterThanOrEqual(2);
    // As docs/runbook.md has it.
    const [line = ''] = broken.log.split('\n').filter(one => one.includes('"ERROR"'));
    expect(JSON.parse(line)).toMatchObject({
      level: 'ERROR',
      message: { name: 'ConfigurationError', problems: expect.any(Array) },
    });
  });

  it('is 500 to callers, from the platform, and works as soon as it can be loaded', async () => {
    const { functions, url } = deployed();
    const good = deployed().function('login');
    functions.set('login', likeness('login', { PULLPASS_URL: 'nowhere' }));
    const answer = await fetch(`${url}/health`).finally(() => functions.set('login', good));
    expect([answer.status, await answer.json()]).toEqual([500, { message: 'Internal Server Error' }]);
    expect((await fetch(`${url}/health`)).status).toBe(200);
  });
});

describe('while nothing of AWS answers', () => {
  let silent: Server | undefined;

  it.each([
    ['login', 'GET /oauth/token', 503],
    ['login', 'GET /health', 503],
    ['management', 'GET /v1/tokens', 503],
    ['credentials', 'POST /v1/credentials', 503],
    ['discovery', 'GET /.well-known/jwks.json', 503],
    ['fallback', 'GET /', 404],
  ])('%s answers %s by itself, before its time is over', async (name, line, status) => {
    silent ??= createServer(() => undefined).listen(0, '127.0.0.1');
    if (!silent.listening) await once(silent, 'listening');
    onTestFinished(() => silent?.closeAllConnections());
    const nowhere = `http://127.0.0.1:${(silent.address() as AddressInfo).port}`;
    const services = ['DYNAMODB', 'SECRETS_MANAGER', 'KMS'].map(service => [
      `AWS_ENDPOINT_URL_${service}`,
      nowhere,
    ]);
    const { token } = await world().pullpass.addToken();
    const waiting = likeness(name, Object.fromEntries(services));
    const sent = line.startsWith('POST') ? { bearer: token, json: {} } : { basic: ['token', token] as const };
    const administrator = ['iamapikey', await world().pullpass.administratorKey()] as const;
    const event = eventOf(line, name === 'management' ? { basic: administrator } : sent);
    expect(received((await waiting.invoke(event)) as HttpResult).status).toBe(status);
  });
});

it('what runs by the clock runs with what the schedules send', async () => {
  const rules = ofType(deployed().stack, 'AWS::Events::Rule');
  expect(rules.length).toBeGreaterThanOrEqual(3);
  for (const [, { Targets }] of rules) {
    for (const { Arn, Input } of Targets as { Arn: string; Input?: string }[]) {
      const event =
        Input === undefined ? { source: 'aws.events', 'detail-type': 'Scheduled Event' } : JSON.parse(Input);
      expect(await deployed().invoke(Arn.replace(/^.*-|:live$/g, ''), event)).toBeTypeOf('object');
    }
  }
  expect(await deployed().invoke('restore', { dryRun: true })).toBeTypeOf('object');
  // What the logger drops is warned of.
  expect(deployed().log).not.toContain('"level":"WARN"');
});

it('no function needs more memory than it is given', async () => {
  const { pullpass } = world();
  const { token } = await pullpass.addToken();
  const bearer = { authorization: `Bearer ${token}` };
  const paths = ['/nowhere', '/.well-known/jwks.json', '/oauth/token?scope=repository:team-a/app:pull'];
  await times(EVENTS, WIDTH, async () => {
    for (const path of paths) await fetch(pullpass.url + path, { headers: bearer });
    await fetch(`${pullpass.url}/v1/credentials`, { method: 'POST', headers: bearer });
    await pullpass.manage('GET', '/v1/tokens');
  });
  for (const [name, event] of [
    ['keys', { maintain: true }],
    ['cleanup', {}],
    ['restore', { dryRun: true }],
  ] as const) {
    await deployed().invoke(name, event);
  }
  const used: Record<string, object> = {};
  for (const [name, { plan, instances }] of deployed().functions) {
    const peaks = await Promise.all([...instances].map(instance => instance.peakBytes()));
    used[name] = { MB: Math.ceil(Math.max(...peaks) / MIB), of: plan.memoryMb, instances: instances.size };
    expect([name, instances.size > 0]).toEqual([name, true]);
    expect([name, Math.max(...peaks) <= plan.memoryMb * MIB]).toEqual([name, true]);
  }
  console.table(used);
});
