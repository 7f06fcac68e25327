/** Whether events about tokens are sent, and what keeps them until then. */

import { type Config, ConfigurationError } from '../config/config.ts';
import type { Table } from '../ports/table.ts';
import { outboxStore } from '../store/outbox-store.ts';
import type { NoticeOptions } from '../store/token-store.ts';
import type { Parts } from './parts.ts';

export const NOTICE_SETTINGS = ['url', 'eventBus', 'webhookUrl', 'webhookSecrets'] as const;

export type NoticeSetting = (typeof NOTICE_SETTINGS)[number];

/** What the store of tokens announces their changes with; undefined: nothing is announced. */
export function openNoticeOptions({ config }: Parts<NoticeSetting>, table: Table): NoticeOptions | undefined {
  checkWebhook(config);
  const { eventBus, webhookUrl, url: publicUrl } = config;
  if (eventBus === undefined && webhookUrl === undefined) return undefined;
  return { outbox: outboxStore({ table }), publicUrl };
}

/** Throws ConfigurationError for a webhook without a secret, and the reverse. */
export function checkWebhook({ webhookUrl, webhookSecrets }: Config<'webhookSecrets' | 'webhookUrl'>): void {
  if ((webhookUrl === undefined) === (webhookSecrets === undefined)) return;
  throw new ConfigurationError([
    webhookUrl === undefined
      ? 'PULLPASS_WEBHOOK_SECRET_FILE is set, but PULLPASS_WEBHOOK_URL is not'
      : 'PULLPASS_WEBHOOK_URL needs PULLPASS_WEBHOOK_SECRET_FILE, which signs what is sent there',
  ]);
}
