/** Where events about tokens go: to a webhook, or to the event bus. */

import { eventBusSink } from '../aws/reports.ts';
import { ConfigurationError, type Environment } from '../config/config.ts';
import { Connections } from '../iam/http-client.ts';
import { VariableError } from '../network/proxies.ts';
import { webhookSink } from '../notices/webhook.ts';
import type { NoticeSink } from '../ports/notices.ts';
import { checkWebhook, type NoticeSetting } from './notices.ts';
import type { Parts } from './parts.ts';

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
