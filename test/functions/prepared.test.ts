/** What a function does at its start, so that its first request does not wait for it. */
import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createKeys } from '../../lib/compose/keys.ts';
import { createLogin } from '../../lib/compose/login.ts';
import type { World } from '../../lib/compose/parts.ts';
import { processWorld } from '../../lib/compose/world.ts';
import type { HttpHandler } from '../../lib/http/chain.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { CONTEXT, eventOf } from '../support/events.ts';
import { LoopbackAws, REGION, refused } from '../support/loopback-aws.ts';
import { SERVICE } from '../support/records.ts';

type Task = () => Promise<unknown>;

describe('the start of the login function', () => {
  let aws: LoopbackAws;
  let deployment: Deployment;
  let token: string;
  beforeEach(async () => {
    aws = await LoopbackAws.start();
    const secret = `arn:aws:secretsmanager:${REGION}:123456789012:secret:pullpass-test`;
    const environment = {
      PULLPASS_KEYS: secret,
      PULLPASS_CREDENTIAL_KEY: `${secret}/credential`,
      AWS_ENDPOINT_URL_SECRETS_MANAGER: aws.endpoint,
    };
    deployment = await deploy({ environment });
    const invocation = { awsRequestId: 'run-1', getRemainingTimeInMillis: () => 300_000 };
    await createKeys(deployment.world)({ maintain: true }, invocation);
    token = (await deployment.as(ALICE)('POST /v1/tokens', { json: {} })).json.token;
  });
  afterEach(async () => {
    await deployment.close();
    await aws.close();
  });

  /** A new instance, what it wants to do at its start, and a login there. */
  function instance() {
    const tasks: Task[] = [];
    const world: World = { ...deployment.world, randomBytes, prepare: (...more) => void tasks.push(...more) };
    const handler: HttpHandler = createLogin(world);
    const event = () => eventOf(`GET /oauth/token?service=${SERVICE.name}`, { basic: ['token', token] });
    return { tasks, logIn: async () => (await handler(event(), CONTEXT)).statusCode };
  }

  it('reads everything that the first login would wait for: that asks for its token and nothing else', async () => {
    const { tasks, logIn } = instance();
    await Promise.all(tasks.map(task => task()));
    for (const requests of [aws.requests, deployment.wire.requests, deployment.wire.markerReads])
      requests.length = 0;
    expect(await logIn()).toBe(200);
    expect(aws.requests).toEqual([]);
    expect(deployment.wire.markerReads).toEqual([]);
    expect(deployment.wire.requests.map(({ operation }) => operation)).toEqual([
      'BatchGetItem',
      'UpdateItem',
    ]);
  });

  it('may fail in everything, and the first login reads it again', async () => {
    const { tasks, logIn } = instance();
    aws.instead = () => refused('InternalServiceError', 500);
    deployment.wire.cut = () => true;
    const outcomes = await Promise.allSettled(tasks.map(task => task()));
    expect(outcomes.map(({ status }) => status)).toEqual(tasks.map(() => 'rejected'));
    aws.instead = () => undefined;
    deployment.wire.cut = () => false;
    expect(await logIn()).toBe(200);
  });
});

describe('the world of a process', () => {
  it('is prepared when everything is done, a few things at once', async () => {
    const world = processWorld();
    let [atWork, most, done] = [0, 0, 0];
    const task = async () => {
      most = Math.max(most, ++atWork);
      await new Promise(setImmediate);
      atWork--;
      done++;
    };
    world.prepare?.(...Array.from({ length: 10 }, () => task));
    await world.prepared();
    expect([done, most]).toEqual([10, 2]);
  });

  it('is prepared although things fail, and goes on with the others', async () => {
    const world = processWorld();
    let done = 0;
    const fails = () => Promise.reject(new Error('no answer'));
    const works = async () => void done++;
    world.prepare?.(fails, fails, fails, fails, works, fails, works);
    await world.prepared();
    expect(done).toBe(2);
  });

  it('does not wait longer than for its time, however many things hang', async () => {
    const world = processWorld(20);
    world.prepare?.(...Array.from({ length: 9 }, () => () => new Promise(() => undefined)));
    await world.prepared();
  });
});
