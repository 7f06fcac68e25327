/** Sends events to a webhook, signed as Standard Webhooks has it (standard-webhooks.com, version 1.0.0). */

import { createHmac } from 'node:crypto';
import { type CloudEvent, webhookKey } from '../domain/notice.ts';
import type { Secret } from '../domain/secret.ts';
import { toSeconds } from '../domain/time.ts';
import { boundedRequest, type Connections, DIRECT, endpoint } from '../iam/http-client.ts';
import type { NoticeSink } from '../ports/notices.ts';
import type { Clock } from '../ports/system.ts';

export interface WebhookOptions {
  /** https, or http on this machine. */
  readonly url: string;
  /** In base64, each behind `whsec_`; a receiver that knows one of them accepts the event. */
  readonly secrets: readonly Secret[];
  readonly clock: Clock;
  /** Direct unless given. */
  readonly connections?: Connections | undefined;
  readonly limits?: Partial<WebhookLimits> | undefined;
}

export interface WebhookLimits {
  /** How long one attempt may take, in milliseconds. */
  readonly timeoutMs: number;
  /** How long before each further attempt. */
  readonly pausesMs: readonly number[];
}

const LIMITS: WebhookLimits = { timeoutMs: 10_000, pausesMs: [1_000, 5_000] };

/** What a receiver answers is not read for anything. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** `send` throws unless an attempt is answered with 2xx. A redirection is not followed: it could lead an event anywhere. */
export function webhookSink({
  url,
  secrets,
  clock,
  connections = DIRECT,
  limits,
}: WebhookOptions): NoticeSink {
  const address = endpoint(url);
  const { timeoutMs, pausesMs } = { ...LIMITS, ...limits };
  const post = async (event: CloudEvent) => {
    const text = JSON.stringify(event);
    const { status } = await boundedRequest({
      url: address,
      form: { contentType: 'application/cloudevents+json', text },
      headers: signedHeaders({ id: event.id, at: toSeconds(clock()), text }, secrets),
      maxBytes: MAX_ANSWER_BYTES,
      signal: AbortSignal.timeout(timeoutMs),
      connections,
    });
    if (status < 200 || status > 299) throw new Error(`the webhook answered ${status}`);
  };
  return {
    async send(event) {
      for (const pauseMs of pausesMs) {
        const isAccepted = await post(event).then(
          () => true,
          () => false,
        );
        if (isAccepted) return;
        await new Promise(resolve => setTimeout(resolve, pauseMs));
      }
      await post(event);
    },
  };
}

/** "Signature scheme": the id, the time and the body, so that no event is repeated later or as another. */
function signedHeaders(
  { id, at, text }: { readonly id: string; readonly at: number; readonly text: string },
  secrets: readonly Secret[],
): Record<string, string> {
  const signatures = secrets.map(secret => {
    const mac = createHmac('sha256', webhookKey(secret.reveal()) ?? '').update(`${id}.${at}.${text}`);
    return `v1,${mac.digest('base64')}`;
  });
  return {
    'webhook-id': id,
    'webhook-timestamp': String(at),
    'webhook-signature': signatures.join(' '),
  };
}
