/** The hygiene report on moto's event bus: the rule of the guide passes it to a queue. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { eventBusSink, eventNotices } from '../../lib/aws/reports.ts';
import type { AccountReport } from '../../lib/domain/hygiene.ts';
import type { Account } from '../../lib/domain/identifiers.ts';
import { cloudEventOf } from '../../lib/domain/notice.ts';
import { callerIn, REGION } from '../support/loopback-aws.ts';
import { aToken, NOW } from '../support/records.ts';
import { MOTO_ACCOUNT, Moto } from './support/moto.ts';

/** As docs/notices.md gives it. */
const OF_TOKENS =
  '{ "source": ["pullpass"], "detail-type": ["token.expiring", "token.rotated", "token.disabled", "token.revoked"] }';
/** As docs/logs.md gives it. */
const PATTERN = '{"source": ["pullpass"], "detail-type": ["pullpass.hygiene"]}';
const BUS = 'ops';

let moto: Moto;
beforeAll(async () => {
  moto = await Moto.start();
});
afterAll(() => moto.stop());

/** What an operator sets up, as patiently as moto needs at first; it reads from the header which service is meant. */
async function ask(service: 'events' | 'sqs', operation: string, input: object) {
  const target = { events: 'AWSEvents', sqs: 'AmazonSQS' }[service];
  const response = await fetch(moto.endpoint, {
    method: 'POST',
    headers: {
      'content-type': 'application/x-amz-json-1.0',
      'x-amz-target': `${target}.${operation}`,
      authorization: `AWS4-HMAC-SHA256 Credential=id/20260101/${REGION}/${service}/aws4_request, SignedHeaders=host, Signature=none`,
    },
    body: JSON.stringify(input),
  });
  expect(response.status).toBe(200);
  return (await response.json()) as { QueueUrl: string; Messages?: { Body: string }[] };
}

/** moto on a busy machine takes longer than AWS may. */
const patientCaller = () =>
  callerIn(REGION, 'eventBridge', {
    endpoint: moto.endpoint,
    limits: { connectionMs: 5_000, requestMs: 20_000 },
  });

const reportOn = (account: Account): AccountReport => ({
  account,
  releasedNamespaces: { count: 1, examples: ['team-b'] },
  unusedTokens: { count: 0, examples: [] },
  expiringTokens: { count: 0, examples: [] },
});

/** moto loads at the first delivery what it needs for it, which takes longer than any answer of AWS may. */
async function warmUp(QueueUrl: string): Promise<void> {
  const Entries = [{ Source: 'pullpass', DetailType: 'pullpass.hygiene', Detail: '{}', EventBusName: BUS }];
  await ask('events', 'PutEvents', { Entries });
  await ask('sqs', 'PurgeQueue', { QueueUrl });
}

it('the hygiene report reaches a subscriber, one event for each account', async () => {
  await ask('events', 'CreateEventBus', { Name: BUS });
  await ask('events', 'PutRule', { Name: 'hygiene', EventBusName: BUS, EventPattern: PATTERN });
  const { QueueUrl } = await ask('sqs', 'CreateQueue', { QueueName: 'hygiene' });
  const Arn = `arn:aws:sqs:${REGION}:${MOTO_ACCOUNT}:hygiene`;
  await ask('events', 'PutTargets', { Rule: 'hygiene', EventBusName: BUS, Targets: [{ Id: '1', Arn }] });
  await warmUp(QueueUrl);
  const reports = Array.from({ length: 3 }, (_, i) => reportOn(`dev:account-${i}`));
  const call = patientCaller();
  await eventNotices({ call, bus: BUS }).publish(reports, NOW);
  const received: { detail: { account: string; reportedAt: string } }[] = [];
  for (;;) {
    const { Messages = [] } = await ask('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    if (Messages.length === 0) break;
    received.push(...Messages.map(({ Body }) => JSON.parse(Body)));
  }
  expect(new Set(received.map(({ detail }) => detail.account))).toEqual(
    new Set(reports.map(({ account }) => account)),
  );
  expect(received[0]).toMatchObject({
    source: 'pullpass',
    'detail-type': 'pullpass.hygiene',
    detail: { reportedAt: '2026-11-21T07:00:00Z', releasedNamespaces: { count: 1, examples: ['team-b'] } },
  });
});

it('events about tokens reach a subscriber, by the rule of the guide, as CloudEvents', async () => {
  await ask('events', 'PutRule', { Name: 'tokens', EventBusName: BUS, EventPattern: OF_TOKENS });
  const { QueueUrl } = await ask('sqs', 'CreateQueue', { QueueName: 'tokens' });
  const Arn = `arn:aws:sqs:${REGION}:${MOTO_ACCOUNT}:tokens`;
  await ask('events', 'PutTargets', { Rule: 'tokens', EventBusName: BUS, Targets: [{ Id: '1', Arn }] });
  const sink = eventBusSink({ call: patientCaller(), bus: BUS });
  const token = aToken();
  const types = ['token.expiring', 'token.rotated', 'token.disabled', 'token.revoked'] as const;
  const events = types.map(type =>
    cloudEventOf({ id: type, type, at: NOW, token, facts: {} }, 'https://pullpass.example'),
  );
  for (const event of events) await sink.send(event);
  await eventNotices({ call: patientCaller(), bus: BUS }).publish([reportOn('dev:a')], NOW);
  const { Messages = [] } = await ask('sqs', 'ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
  const received = Messages.map(({ Body }) => JSON.parse(Body) as { 'detail-type': string; detail: object });
  expect(new Set(received.map(message => message['detail-type']))).toEqual(new Set(types));
  expect(received).toHaveLength(types.length);
  for (const { detail } of received) expect(events).toContainEqual(detail);
});
