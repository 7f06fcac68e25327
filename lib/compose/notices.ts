/** Whether events about tokens are sent, what keeps them until then, and where they go: to a webhook, or to the event bus. */

import { eventBusSink } from '../aws/reports.ts';
import { type Config, ConfigurationError, type Environment } from '../config/config.ts';
import { Connections } from '../iam/http-client.ts';
import { VariableError } from '../network/proxies.ts';
import { webhookSink } from '../notices/webhook.ts';
import type { NoticeSink } from '../ports/notices.ts';
import type { Table } from '../ports/table.ts';
import { outboxStore } from '../store/outbox-store.ts';
import type { NoticeOptions } from '../store/token-store.ts';
import type { Parts } from './parts.ts';

export const NOTICE_SETTINGS = ['url', 'eventBus', 'webhookUrl', 'webhookSecrets'] as const;

type NoticeSetting = (typeof NOTICE_SETTINGS)[number];

/** What the store of tokens announces their changes with; undefined: nothing is announced. */
export function openNoticeOptions({ config }: Parts<NoticeSetting>, table: Table): NoticeOptions | undefined {
  checkWebhook(config);
  const { eventBus, webhookUrl, url: publicUrl } = config;
  if (eventBus === undefined && webhookUrl === undefined) return undefined;
  return { outbox: outboxStore({ table }), publicUrl };
}

/** Throws ConfigurationError for a webhook without a secret, and the reverse. */
function checkWebhook({ webhookUrl, webhookSecrets }: Config<'webhookSecrets' | 'webhookUrl'>): void {
  if ((webhookUrl === undefined) === (webhookSecrets === undefined)) return;
  throw new ConfigurationError([
    webhookUrl === undefined
      ? 'PULLPASS_WEBHOOK_SECRET_FILE is set, but PULLPASS_WEBHOOK_URL is not'
      : 'PULLPASS_WEBHOOK_URL needs PULLPASS_WEBHOOK_SECRET_FILE, which signs what is sent there',
  ]);
}

/** Undefined: events are sent nowhere, and none are kept. Throws ConfigurationError as `checkWebhook` does. */
export function openNoticeSink(parts: Parts<NoticeSetting>): NoticeSink | undefined {
  const { config, aws, clock, environment } = parts;
  const { eventBus: bus, webhookUrl: url, webhookSecrets: secrets } = config;
  checkWebhook(config);
  if (url !== undefined && secrets !== undefined) {
    return webhookSink({ url, secrets, clock, connections: openConnections(environment) });
  }
  return bus === undefined ? undefined : eventBusSink({ call: aws('eventBridge'), bus });
}

function openConnections(environment: Environment): Connections {
  try {
    return new Connections(environment);
  } catch (error) {
    throw error instanceof VariableError ? new ConfigurationError([error.message]) : error;
  }
}
