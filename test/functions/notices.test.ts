/** Events about tokens over a whole deployment: every way that a token is rotated, disabled or revoked, to a webhook and to a bus. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createCleanup } from '../../lib/compose/cleanup.ts';
import { createManagement } from '../../lib/compose/management.ts';
import type { CloudEvent } from '../../lib/domain/notice.ts';
import { DAY_SECONDS } from '../../lib/domain/time.ts';
import { ALICE, type Deployment, deploy } from '../support/deployment.ts';
import { EventBus } from '../support/event-bus.ts';
import { isSigned, WEBHOOK_SECRET, WebhookReceiver } from '../support/webhook-receiver.ts';

const directory = mkdtempSync(join(tmpdir(), 'pullpass-webhook-'));
afterAll(() => rmSync(directory, { recursive: true }));

function secretFile(content = `${WEBHOOK_SECRET}\n`): string {
  const path = join(directory, 'secret');
  writeFileSync(path, content);
  return path;
}

let deployment: Deployment;
let receiver: WebhookReceiver;
beforeEach(async () => {
  receiver = await new WebhookReceiver().open();
  deployment = await deploy({
    environment: { PULLPASS_WEBHOOK_URL: receiver.hook, PULLPASS_WEBHOOK_SECRET_FILE: secretFile() },
  });
});
afterEach(async () => {
  await deployment.close();
  await receiver.close();
});

/** A new process, as after a restart. */
const run = (input: object | null = { notices: true }) =>
  createCleanup(deployment.world)(input, { awsRequestId: 'r', getRemainingTimeInMillis: () => 600_000 });

async function delivered(): Promise<CloudEvent[]> {
  await run();
  for (const delivery of receiver.deliveries) expect(await isSigned(WEBHOOK_SECRET, delivery)).toBe(true);
  return receiver.deliveries.splice(0).map(({ event }) => event);
}

const alice = () => deployment.as(ALICE);
const add = async (json: object = {}) => (await alice()('POST /v1/tokens', { json })).json;

describe('a receiver is told', () => {
  it('of a rotation by an administrator and by the holder, with the end of the old value', async () => {
    const { id } = await add({ owner: 'team a', labels: { env: 'prod' } });
    await alice()(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: 600 } });
    const own = await add({ selfRotate: true });
    deployment.wait(3601);
    const answer = await deployment.send('POST /v1/token/rotate', { bearer: own.token, json: {} });
    expect(answer.status, answer.text).toBe(200);
    const events = await delivered();
    expect(events).toMatchObject([
      {
        type: 'token.rotated',
        subject: id,
        data: {
          generation: 2,
          previousValueEndsAt: '2026-11-21T07:10:00Z',
          owner: 'team a',
          labels: { env: 'prod' },
        },
      },
      { type: 'token.rotated', subject: own.id, data: { generation: 2, previousValueEndsAt: null } },
    ]);
    expect(await delivered()).toEqual([]);
  });

  it('of a token that is disabled, revoked by its holder, or removed', async () => {
    const [disabled, revoked, removed] = [await add(), await add(), await add()];
    await alice()(`PATCH /v1/tokens/${disabled.id}`, { json: { disabled: true } });
    await deployment.send('POST /oauth/revoke', { form: { token: revoked.token } });
    await alice()(`DELETE /v1/tokens/${removed.id}`);
    const told = (await delivered()).map(({ type, subject, data }) => [type, subject, data.how ?? data.by]);
    expect(told).toEqual(
      expect.arrayContaining([
        ['token.disabled', disabled.id, 'dev:alice'],
        ['token.revoked', revoked.id, 'by-its-holder'],
        ['token.revoked', removed.id, 'removed'],
      ]),
    );
    expect(told).toHaveLength(3);
  });

  it('of an end, at its time, and never of one that was made for a day', async () => {
    await add();
    const { id } = await add({ expiresInSeconds: 30 * DAY_SECONDS });
    const told: [day: number, subject: string][] = [];
    for (let day = 0; day < 30; day++) {
      await run(null);
      for (const { subject } of await delivered()) told.push([day, subject]);
      deployment.wait(DAY_SECONDS);
    }
    expect(told).toEqual([
      [23, id],
      [29, id],
    ]);
  });

  it('nothing of what is refused, changes something else, or is seen again', async () => {
    const { id } = await add();
    await alice()(`PATCH /v1/tokens/${id}`, { json: { description: 'x', expiresInSeconds: 60 } });
    await alice()(`GET /v1/tokens/${id}/value`);
    await deployment.send(`DELETE /v1/tokens/${id}`);
    await alice()(`POST /v1/tokens/${id}/rotate`, { json: { graceSeconds: -1 } });
    expect(await delivered()).toEqual([]);
  });

  it('no secret: neither the value of a token, before or after, nor that of the webhook', async () => {
    const first = await add();
    const second = (await alice()(`POST /v1/tokens/${first.id}/rotate`, { json: {} })).json;
    await run();
    const sent = JSON.stringify(receiver.deliveries);
    for (const value of [first.token, second.token, WEBHOOK_SECRET]) {
      expect(sent).not.toContain(value);
      expect(deployment.logs.join('\n')).not.toContain(value);
    }
    expect(sent).not.toMatch(/pl[pc]_/);
  });
});

describe('an act', () => {
  it('is refused with 503 when it could not be announced, and then nothing is told', async () => {
    const { id } = await add();
    deployment.wire.cut = ({ operation, body }) => operation === 'PutItem' && body.includes('"notices"');
    expect((await alice()(`DELETE /v1/tokens/${id}`)).status).toBe(503);
    deployment.wire.cut = () => false;
    expect((await alice()(`GET /v1/tokens/${id}`)).status).toBe(200);
    expect(await delivered()).toEqual([]);
  });

  it('whose answer was lost is told all the same, once', async () => {
    const { id } = await add();
    let isLost = false;
    deployment.wire.lose = ({ operation, body }) => {
      const isNow = !isLost && operation === 'UpdateItem' && body.includes(id);
      isLost ||= isNow;
      return isNow;
    };
    await alice()(`PATCH /v1/tokens/${id}`, { json: { disabled: true } });
    deployment.wire.lose = () => false;
    deployment.wait(121);
    expect((await delivered()).map(({ type }) => type)).toEqual(['token.disabled']);
    expect(await delivered()).toEqual([]);
  });

  it('that no one wants to be told of writes nothing more', async () => {
    const without = await deploy();
    const { id } = (await without.as(ALICE)('POST /v1/tokens')).json;
    without.wire.requests.length = 0;
    await without.as(ALICE)(`DELETE /v1/tokens/${id}`);
    expect(without.wire.requests.some(({ body }) => body.includes('notice'))).toBe(false);
    expect(
      await createCleanup(without.world)(
        { notices: true },
        { awsRequestId: 'r', getRemainingTimeInMillis: () => 0 },
      ),
    ).toEqual({
      sent: 0,
      failed: 0,
    });
    await without.close();
  });
});

describe('the configuration', () => {
  it.each([
    ['a webhook without a secret', { PULLPASS_WEBHOOK_SECRET_FILE: undefined }, 'PULLPASS_WEBHOOK_URL needs'],
    [
      'a secret without a webhook',
      { PULLPASS_WEBHOOK_URL: undefined },
      'PULLPASS_WEBHOOK_SECRET_FILE is set',
    ],
    ['a webhook in the clear', { PULLPASS_WEBHOOK_URL: 'http://hooks.example' }, 'must be an https URL'],
    ['a secret file that is not there', { PULLPASS_WEBHOOK_SECRET_FILE: '/nowhere' }, 'does not exist'],
  ])('with %s stops the start', (_, environment, message) => {
    expect(() => createManagement(deployment.worldWith(environment))).toThrow(message);
    expect(() => createCleanup(deployment.worldWith(environment))).toThrow(message);
  });

  it.each(['', 'whsec_short\n', `${WEBHOOK_SECRET}\n`.repeat(3), 'not a secret'])(
    'with the secret %j stops the start, and does not repeat it',
    content => {
      const environment = { PULLPASS_WEBHOOK_SECRET_FILE: secretFile(content) };
      expect(() => createCleanup(deployment.worldWith(environment))).toThrow('must hold one or two lines');
      secretFile();
    },
  );
});

it('on AWS the bus gets each event as one entry, and what it refuses waits and is counted', async () => {
  const bus = await new EventBus().open();
  const onBus = await deploy({ environment: { PULLPASS_STAGE: 'test', ...bus.variables } });
  const { id } = (await onBus.as(ALICE)('POST /v1/tokens')).json;
  await onBus.as(ALICE)(`DELETE /v1/tokens/${id}`);
  bus.fails = true;
  const handler = createCleanup(onBus.world);
  const context = { awsRequestId: 'r', getRemainingTimeInMillis: () => 600_000 };
  expect(await handler({ notices: true }, context)).toEqual({ sent: 0, failed: 1 });
  expect(onBus.logs.some(line => line.includes('"NoticesFailed":1'))).toBe(true);
  bus.fails = false;
  expect(await handler({ notices: true }, context)).toEqual({ sent: 1, failed: 0 });
  expect(bus.entries).toMatchObject([
    { Source: 'pullpass', DetailType: 'token.revoked', EventBusName: 'ops' },
  ]);
  const event = JSON.parse(bus.entries[0]?.Detail ?? '') as CloudEvent;
  expect(event).toMatchObject({ specversion: '1.0', type: 'token.revoked', subject: id });
  await onBus.close();
  await bus.close();
});
