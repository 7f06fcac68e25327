/** Events to a webhook: signed so that any implementation of Standard Webhooks accepts them, and repeated until one is accepted. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { cloudEventOf, webhookKey } from '../../lib/domain/notice.ts';
import { Secret } from '../../lib/domain/secret.ts';
import { webhookSink } from '../../lib/notices/webhook.ts';
import { aToken, NOW } from '../support/records.ts';
import { isSigned, WEBHOOK_SECRET, WebhookReceiver } from '../support/webhook-receiver.ts';

const OTHER_SECRET = `whsec_${Buffer.alloc(24, 9).toString('base64')}`;
const EVENT = cloudEventOf(
  { id: 'event-1', type: 'token.rotated', at: NOW, token: aToken(), facts: { generation: 2 } },
  'https://pullpass.example',
);

const receiver = new WebhookReceiver();
beforeAll(() => receiver.open());
afterAll(() => receiver.close());
beforeEach(() => {
  receiver.deliveries.length = 0;
  receiver.answers = [];
  receiver.strays = 0;
});

function sink(secrets = [WEBHOOK_SECRET], url = receiver.hook) {
  return webhookSink({
    url,
    secrets: secrets.map(text => new Secret(text)),
    clock: () => NOW * 1000,
    limits: { timeoutMs: 300, pausesMs: [1, 1] },
  });
}

it('the verifier of this test accepts the example of Standard Webhooks', async () => {
  const headers = {
    'webhook-id': 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    'webhook-timestamp': '1614265330',
    'webhook-signature': 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  };
  const secret = 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw';
  expect(await isSigned(secret, { headers, body: '{"test": 2432232314}' })).toBe(true);
  expect(await isSigned(secret, { headers, body: '{"test": 2432232315}' })).toBe(false);
});

describe('an event', () => {
  it('comes as CloudEvents has it, with the headers of Standard Webhooks', async () => {
    await sink().send(EVENT);
    const [delivery] = receiver.deliveries;
    expect(delivery?.event).toEqual(EVENT);
    expect(delivery?.headers).toMatchObject({
      'content-type': 'application/cloudevents+json',
      'webhook-id': 'event-1',
      'webhook-timestamp': String(NOW),
    });
    expect(delivery && (await isSigned(WEBHOOK_SECRET, delivery))).toBe(true);
    expect(delivery && (await isSigned(OTHER_SECRET, delivery))).toBe(false);
  });

  it('is signed with both secrets while one follows the other', async () => {
    await sink([OTHER_SECRET, WEBHOOK_SECRET]).send(EVENT);
    const [delivery] = receiver.deliveries;
    for (const secret of [OTHER_SECRET, WEBHOOK_SECRET]) {
      expect(delivery && (await isSigned(secret, delivery))).toBe(true);
    }
  });

  it('is sent again after a failure, under the same id', async () => {
    receiver.answers = [500, 429];
    await sink().send(EVENT);
    expect(receiver.deliveries.map(({ headers }) => headers['webhook-id'])).toEqual(Array(3).fill('event-1'));
    for (const delivery of receiver.deliveries) expect(await isSigned(WEBHOOK_SECRET, delivery)).toBe(true);
  });

  it.each([500, 400, 404, 301, 307])('that is answered with %i each time was not accepted', async status => {
    receiver.answers = [status, status, status];
    await expect(sink().send(EVENT)).rejects.toThrow(`the webhook answered ${status}`);
    expect([receiver.deliveries.length, receiver.strays]).toEqual([3, 0]);
  });

  it('waits for no receiver that does not answer', async () => {
    const silent = await new (class extends WebhookReceiver {
      protected override async answer(): Promise<void> {
        await new Promise(() => undefined);
      }
    })().open();
    await expect(sink([WEBHOOK_SECRET], silent.hook).send(EVENT)).rejects.toThrow(/timeout/i);
    await silent.close();
  });
});

it.each(['http://hooks.example/x', 'https://user:secret@hooks.example', 'ftp://127.0.0.1'])(
  'a webhook at %s is refused',
  url => {
    expect(() => sink([WEBHOOK_SECRET], url)).toThrow('an endpoint is an https URL');
  },
);

it('a secret is whsec_ and 24 to 64 bytes in base64', () => {
  const of = (bytes: number) => `whsec_${Buffer.alloc(bytes, 1).toString('base64')}`;
  expect([23, 24, 64, 65].map(bytes => webhookKey(of(bytes)) !== undefined)).toEqual([
    false,
    true,
    true,
    false,
  ]);
  for (const text of ['', of(32).slice(6), `${of(32)} `, `whsec_${'!'.repeat(40)}`]) {
    expect(webhookKey(text)).toBeUndefined();
  }
});
